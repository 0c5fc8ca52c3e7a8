import assert from 'node:assert/strict';
import fc from 'fast-check';
import { readVariableName, wireVariable } from '../../../../src/drivers/ocpp/codec/variable-names.ts';
import type { VariableName } from '../../../../src/drivers/ocpp/messages.ts';

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,20}$/);
const instance = fc.option(fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._ -]{0,20}[A-Za-z0-9]$/), { nil: undefined });
const bracketed = (text: string | undefined): string => (text === undefined ? '' : `[${text}]`);

describe('variables of OCPP 2.x', () => {
  it('are found again by their name', () =>
    fc.assert(
      fc.property(word, instance, word, instance, fc.boolean(), (component, one, variable, other, isOfEvse) => {
        const name: VariableName = {
          name: `${component}${bracketed(one)}.${variable}${bracketed(other)}`,
          ...(isOfEvse ? { evse: 1, connector: 2 } : {}),
        };
        assert.deepEqual(readVariableName({ ...wireVariable(name) }, []), name);
      }),
    ));

  for (const name of ['', '.', 'A', 'A.', '.B', 'A[.B', 'A[].B', 'A.B]', `${'x'.repeat(51)}.B`, `A.${'x'.repeat(51)}`])
    it(`"${name.slice(0, 10)}" is none`, () => assert.throws(() => wireVariable({ name }), /is no variable/));

  it('are of places that can be', () => {
    for (const evse of [-1, 1.5, Number.NaN]) assert.throws(() => wireVariable({ name: 'A.B', evse }));
  });
});
