import type { NodeAPI, NodeMessage } from 'node-red';
import { z } from 'zod';
import { createPicker, type Picked } from '../src/mqtt/picker.ts';
import { isFilter } from '../src/mqtt/trie.ts';
import { choiceField, flagField } from '../src/shell/config.ts';
import { defineNode } from '../src/shell/define-node.ts';
import { serveDirectory } from '../src/shell/endpoints.ts';

const choice = z.object({
  /** A topic, or a pattern with + and #. */
  topic: z.string().refine(isFilter, 'a choice is a topic like devices/101/battery/soc, or a pattern with + and #'),
  /** Which property of the object; empty: value. */
  field: z
    .string()
    .regex(/^[A-Za-z0-9_.]{0,64}$/)
    .default(''),
  /** Name in the object of several; empty: made from the topic. */
  name: z.string().max(64).default(''),
});

const config = z.object({
  choices: z.array(choice).min(1, 'choose at least one quantity'),
  output: choiceField(['value', 'object'], 'value'),
  /** What to do with values that are old or invalid. */
  bad: choiceField(['drop', 'null', 'pass'], 'drop'),
  onlyChanges: flagField(false),
});

/** Bare values for gauges, charts and function nodes. */
export default function register(RED: NodeAPI): void {
  serveDirectory(RED);
  defineNode(RED, 'ems-pick', {
    config,
    start({ config, showStatus, onInput }) {
      const picker = createPicker(config);
      const latest: Record<string, unknown> = {};
      showStatus({ fill: 'grey', shape: 'ring', key: 'waiting' });

      const show = ({ isBad, text, reading }: Picked): void => {
        const unit = (reading as { unit?: unknown }).unit;
        const shown = typeof unit === 'string' && unit !== '1' ? `${text} ${unit}` : text;
        if (isBad) showStatus({ fill: 'yellow', shape: 'ring', key: 'bad', params: { value: shown } });
        else showStatus({ fill: 'green', shape: 'dot', key: 'value', params: { value: shown } });
      };

      onInput((message, send) => {
        const picked = picker.pick(message.payload);
        const [first] = picked;
        if (first && config.choices.length === 1) show(first);
        else if (first) showStatus({ fill: 'green', shape: 'dot', key: 'values', params: { n: picked.length } });
        if (config.output === 'value') {
          for (const { topic, value, reading } of picked) send({ topic, payload: value, reading } as NodeMessage);
          return;
        }
        if (picked.length === 0) return;
        for (const { name, value } of picked) latest[name] = value;
        send({ ...message, payload: { ...latest } });
      });
    },
  });
}
