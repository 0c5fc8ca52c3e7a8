/** "Read unknown registers": a range of a table into a file, for whoever writes a profile. */
import * as z from 'zod/mini';
import { inputOf, typedIn } from '../field-values.ts';
import type { EditorNode } from '../red.ts';
import { post } from '../request.ts';
import { text } from '../texts.ts';
import { showLines } from './result.ts';

/** The words that could be read, by address. */
const registerDump = z.looseObject({ words: z.record(z.string(), z.unknown()) });

const download = (name: string, content: unknown): void => {
  const file = new Blob([JSON.stringify(content, null, 2)], { type: 'application/json' });
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
};

/** Reads the range that is typed when the button is pressed. */
export const addRegisterDump = (node: EditorNode): void => {
  $('#ems-dump-run').on('click', async () => {
    const unit = inputOf(node, 'unit');
    const asked = {
      client: typedIn(inputOf(node, 'client')),
      unit: Number(typedIn(unit) || unit.attr('placeholder')),
      table: typedIn($('#ems-dump-table')),
      from: Number(typedIn($('#ems-dump-from'))),
      to: Number(typedIn($('#ems-dump-to'))),
    };
    showLines('#ems-dump-result', [text(node, 'dump.running')]);
    const answer = await post('ems/modbus/dump', asked, registerDump);
    if (!answer.ok) {
      showLines('#ems-dump-result', [answer.error], false);
      return;
    }
    const n = Object.keys(answer.value.words).length;
    showLines('#ems-dump-result', [text(node, 'dump.done', { n, all: asked.to - asked.from + 1 })], true);
    download(`unit-${asked.unit}-${asked.table}.json`, answer.value);
  });
};
