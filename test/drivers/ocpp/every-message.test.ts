/**
 * Every message that a station may send, as the official schemas have it: over a real socket, once with what is
 * demanded and once with everything there is. Each is answered, and each answer fits its schema.
 */
import assert from 'node:assert/strict';
import { assertCall } from '../../support/ocpp/ocpp-schemas.ts';
import { actionsOfStation, sampleOfCall } from '../../support/ocpp/schema-samples.ts';
import { createScriptedStation, type ScriptedStation } from '../../support/ocpp/scripted-station.ts';

/** OCPP 1.6 §4, 2.0.1 and 2.1 part 2: how many messages begin at the station, DataTransfer among them. */
const counts = { '1.6': 14, '2.0.1': 25, '2.1': 37 } as const;

for (const version of ['1.6', '2.0.1', '2.1'] as const)
  describe(`OCPP ${version}: every message of a station is answered by its schema`, () => {
    let field: ScriptedStation;
    const printed: string[] = [];
    const { warn, error } = console;
    before(async () => {
      const print = (...words: unknown[]): void => void printed.push(words.join(' '));
      Object.assign(console, { warn: print, error: print });
      field = await createScriptedStation({ version });
      await field.ready();
    });
    after(async () => {
      Object.assign(console, { warn, error });
      await field.close();
    });

    it('these are all', () => assert.equal(actionsOfStation(version).length, counts[version]));

    for (const action of actionsOfStation(version))
      for (const isFull of [false, true])
        it(`${action}, ${isFull ? 'with everything' : 'with what is demanded'}`, async () => {
          const payload = sampleOfCall(version, action, isFull);
          assertCall(version, action, payload);
          await field.say(action, payload);
        });

    it('nothing was printed about them', () => assert.deepEqual(printed, []));

    it('none of them has ended the connection or the station', async () => {
      await field.pass(1000);
      assert.equal(field.station().socket.readyState, 1);
      assert.equal(field.states.at(-1)?.kind, 'online');
      assert.deepEqual(
        field.events.filter(({ name }) => name === 'setup_failed'),
        [],
      );
    });
  });
