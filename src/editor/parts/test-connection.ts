/** The button "Test connection": the runtime tries what is typed, not what is deployed. */
import * as z from 'zod/mini';
import type { EditorNode } from '../red.ts';
import { post } from '../request.ts';
import { text } from '../texts.ts';
import { showLines } from './result.ts';

/** The text test.<kind> of the catalog says what came of it; with several reasons, once for each. */
const outcome = z.looseObject({
  kind: z.enum(['answers', 'silent', 'online', 'failed']),
  reasons: z.optional(z.array(z.unknown())),
});

/** @returns the lines that tell the outcome of a test */
export const outcomeLines = (node: EditorNode, { kind, reasons, ...facts }: z.infer<typeof outcome>): string[] =>
  reasons?.map((reason) => text(node, `test.${kind}`, { ...facts, reason })) ?? [text(node, `test.${kind}`, facts)];

/** @param typed what the form holds when the button is pressed */
export const addConnectionTest = (node: EditorNode, path: string, typed: () => Record<string, unknown>): void => {
  const button = $('#ems-test');
  button.on('click', async () => {
    button.prop('disabled', true);
    showLines('#ems-test-result', [text(node, 'test.running')]);
    const answer = await post(path, typed(), outcome);
    if (answer.ok) {
      const { kind } = answer.value;
      showLines('#ems-test-result', outcomeLines(node, answer.value), kind === 'answers' || kind === 'online');
    } else showLines('#ems-test-result', [answer.error], false);
    button.prop('disabled', false);
  });
};
