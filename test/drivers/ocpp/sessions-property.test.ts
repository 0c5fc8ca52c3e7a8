import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Answer, StationMessage } from '../../../src/drivers/ocpp/messages.ts';
import { CallFailure } from '../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { createDecodedStation, type DecodedStation, wattHours } from '../../support/ocpp/decoded-station.ts';

/** What happens next to a station, to the process here, or to the disk. */
type Step = 'plug' | 'charge' | 'unplug' | 'kill' | 'cut' | 'connect' | 'repeat' | 'disk' | 'wait';
const steps: Step[] = [
  'plug',
  'charge',
  'charge',
  'unplug',
  'kill',
  'cut',
  'connect',
  'connect',
  'repeat',
  'disk',
  'wait',
];

type Message = Extract<StationMessage, { kind: 'transaction_started' | 'transaction_ended' | 'meter_values' }>;

/**
 * A station of 1.6 as in the book: what it has to tell about transactions waits in a queue, in order, until it is
 * answered; it may not get the answer, and then it tells the same again.
 */
const createLife = (rig: DecodedStation) => {
  const queue: ((ids: Map<number, string>) => Message)[] = [];
  const ids = new Map<number, string>();
  const truth: { energy: number }[] = [];
  let register = 1000;
  let session: number | undefined;
  let startWh = 0;
  let isConnected = false;
  let last: Message | undefined;
  let durable = 0;

  const say = async (message: Message): Promise<Answer | undefined> => {
    try {
      return await rig.say(message);
    } catch (error) {
      assert.ok(error instanceof CallFailure, String(error));
      return undefined;
    }
  };

  const flush = async (): Promise<void> => {
    while (isConnected && queue[0]) {
      const message = queue[0](ids);
      const decision = await say(message);
      if (!decision) return;
      last = message;
      if (message.kind === 'transaction_started') ids.set(truth.length - pending(), String(decision.transaction));
      queue.shift();
    }
  };
  /** Beginnings that are not told yet, this one among them. */
  const pending = (): number => queue.filter((make) => make(ids).kind === 'transaction_started').length;

  const connect = async (): Promise<void> => {
    if (isConnected) return;
    isConnected = true;
    await rig.connect();
    await rig.status(session === undefined ? 'available' : 'charging');
    await flush();
  };

  return {
    truth,
    connect,
    async step(step: Step): Promise<void> {
      if (step === 'kill') {
        // What was told last did not leave the process any more.
        rig.events.length = durable;
        rig.kill();
        isConnected = false;
        return;
      }
      await rig.clock.advanceAsync(7000);
      durable = rig.events.length;
      const at = rig.clock.now();
      if (step === 'plug' && session === undefined) {
        session = truth.length;
        const meterStartWh = register;
        startWh = register;
        truth.push({ energy: 0 });
        const facts = { at, isOffline: false, meterValues: [], token: { id: 'TAG' } };
        if (isConnected) await rig.status('charging');
        queue.push(() => ({ kind: 'transaction_started', evse: 1, meterStartWh, ...facts }));
      }
      const own = session;
      if (step === 'charge' && own !== undefined) {
        register += 250;
        const wh = register;
        queue.push((known) => ({
          kind: 'meter_values',
          evse: 1,
          transaction: known.get(own) ?? '',
          meterValues: [{ at, context: 'live', sampledValues: [wattHours(wh)], signed: [] }],
        }));
      }
      if (step === 'unplug' && own !== undefined) {
        const meterStopWh = register;
        truth[own] = { energy: register - startWh };
        session = undefined;
        // Every third of its ends names no transaction.
        const named = (known: Map<number, string>) => (own % 3 === 2 ? {} : { transaction: known.get(own) ?? '' });
        queue.push((known) => ({
          kind: 'transaction_ended',
          ...named(known),
          meterStopWh,
          at,
          isOffline: false,
          meterValues: [],
          reason: 'EVDisconnected',
        }));
        if (isConnected) await rig.status('available');
      }
      if (step === 'cut' && isConnected) {
        rig.drop();
        isConnected = false;
      }
      if (step === 'connect') await connect();
      if (step === 'repeat' && isConnected && last) await say(last);
      if (step === 'disk') rig.journal.isWritable = !rig.journal.isWritable;
      if (step === 'wait') await rig.clock.advanceAsync(600_000);
      await flush();
    },
    async finish(): Promise<void> {
      rig.journal.isWritable = true;
      await connect();
      if (session !== undefined) await this.step('unplug');
      await flush();
      rig.kill();
      isConnected = false;
      await connect();
      await rig.clock.advanceAsync(10_000);
    },
  };
};

/** The disk was full for longer than an end is waited for: start, values and end are told at once, and billed once. */
const toldAtOnce: Step[] = [
  ...(['disk', 'plug', 'plug', 'plug', 'plug', 'charge', 'plug', 'plug', 'plug'] as const),
  ...(['unplug', 'wait', 'unplug', 'charge', 'disk', 'plug', 'plug'] as const),
];

describe('sessions, whatever happens', () => {
  it('none is lost, none is doubled, and each has its energy to the Wh', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...steps), { minLength: 5, maxLength: 60 }), async (plan) => {
        const rig = createDecodedStation();
        const life = createLife(rig);
        await life.connect();
        for (const step of plan) await life.step(step);
        await life.finish();
        await rig.driver().close();
        const told = new Map(rig.named('session_ended').map(({ id, data }) => [id, data]));
        const energies = [...told.values()].map((data) => data?.energy_wh);
        assert.deepEqual(
          energies,
          life.truth.map(({ energy }) => energy),
        );
        assert.equal(new Set([...told.values()].map((data) => data?.session_id)).size, told.size);
      }),
      { numRuns: 300, examples: [[toldAtOnce]] },
    );
  });
});
