import assert from 'node:assert/strict';
import * as z from 'zod/mini';
import { get, post } from '../../src/editor/request.ts';

/** Puts an answer in place of jQuery's. @returns the requests that it gets */
const answering = (answer: () => unknown): object[] => {
  const asked: object[] = [];
  const ajax = async (request: object): Promise<unknown> => {
    asked.push(request);
    return answer();
  };
  Object.assign(globalThis, { $: { ajax } });
  return asked;
};

const schema = z.object({ n: z.number() });

describe('requests of the forms', () => {
  after(() => Reflect.deleteProperty(globalThis, '$'));

  it('go through jQuery, which adds the login of the editor, and give what fits the schema', async () => {
    const asked = answering(() => ({ n: 5, more: true }));
    assert.deepEqual(await get('ems/x', schema), { ok: true, value: { n: 5 } });
    assert.deepEqual(await post('ems/y', { a: 1 }, schema), { ok: true, value: { n: 5 } });
    assert.deepEqual(asked, [
      { method: 'GET', url: 'ems/x' },
      { method: 'POST', url: 'ems/y', data: '{"a":1}', contentType: 'application/json' },
    ]);
  });

  it('say in words why there is no answer', async () => {
    const failures: [thrown: unknown, reason: RegExp][] = [
      [{ status: 500, statusText: 'error', responseJSON: { error: 'deploy this server first' } }, /^deploy this/],
      [{ status: 403, statusText: 'Forbidden' }, /^Forbidden$/],
      [{ status: 0, statusText: '' }, /^0$/],
      ['lost', /^lost$/],
    ];
    for (const [thrown, reason] of failures) {
      answering(() => {
        throw thrown;
      });
      const answer = await get('ems/x', schema);
      assert.match(answer.ok ? '' : answer.error, reason);
    }
  });

  it('say so where the answer is that of another version', async () => {
    answering(() => ({ n: 'five' }));
    const answer = await get('ems/x', schema);
    assert.match(answer.ok ? '' : answer.error, /ems\/x is not understood: reload this page/);
  });
});
