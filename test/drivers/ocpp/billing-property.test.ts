/** Two cars at a time, a station that gets numbers, times and statuses wrong, and a gateway that is killed in between. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Answer, StationMessage } from '../../../src/drivers/ocpp/messages.ts';
import { CallFailure } from '../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { isoTime } from '../../../src/model/time.ts';
import { createDecodedStation, type DecodedStation, wattHours } from '../../support/ocpp/decoded-station.ts';

type Message = Extract<StationMessage, { kind: 'transaction_started' | 'transaction_ended' | 'meter_values' }>;

/** How the end of a session is told. */
const ends = ['by number', 'without a number', 'by the number before', 'never'] as const;
type End = (typeof ends)[number];

type Step =
  | { what: 'begin'; at: number }
  | { what: 'draw'; at: number; isNumbered: boolean }
  | { what: 'end'; at: number; how: End; isAvailableFirst: boolean }
  | { what: 'blink'; at: number }
  | { what: 'repeat'; isNow: boolean }
  | { what: 'kill' | 'cut' | 'connect' | 'wait' };

const connector = fc.constantFrom(1, 2);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('begin' as const), at: connector }) },
  {
    weight: 8,
    arbitrary: fc.record({ what: fc.constant('draw' as const), at: connector, isNumbered: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      what: fc.constant('end' as const),
      at: connector,
      how: fc.constantFrom(...ends),
      isAvailableFirst: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('blink' as const), at: connector }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('repeat' as const), isNow: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constantFrom('kill', 'cut', 'connect', 'connect', 'wait') }) },
);

/** A session as it was. */
interface Truth {
  connector: number;
  start: number;
  startWh: number;
  /** So much is known of it for sure, Wh. */
  toldWh: number;
  /** Its car was said to have left: what is told without a number may be another's. */
  isInDoubt: boolean;
  wh: number;
  isEndTold: boolean;
}

/** Messages about transactions wait in a queue, in order, until they are answered. */
const createLife = (rig: DecodedStation) => {
  const truths: Truth[] = [];
  const queue: { make(): Message; answered?(decision: Answer): void }[] = [];
  const registers = [0, 100_000, 200_000];
  const going = new Map<number, { truth: Truth; id?: string }>();
  const before = new Map<number, string | undefined>();
  let isConnected = false;
  let last: Message | undefined;

  const flush = async (): Promise<void> => {
    while (isConnected && queue[0]) {
      const message = queue[0].make();
      try {
        const decision = await rig.say(message);
        queue.shift()?.answered?.(decision);
      } catch (error) {
        assert.ok(error instanceof CallFailure, String(error));
        return;
      }
      last = message;
    }
  };
  const status = async (word: 'available' | 'charging', at: number): Promise<void> => {
    if (isConnected) await rig.status(word, at);
  };
  const connect = async (): Promise<void> => {
    if (isConnected) return;
    isConnected = true;
    await rig.connect();
    for (const at of [1, 2]) await status(going.has(at) ? 'charging' : 'available', at);
  };
  const number = (id: string | undefined): { transaction?: string } => (id === undefined ? {} : { transaction: id });

  const begin = async (at: number): Promise<void> => {
    if (going.has(at)) return;
    const start = rig.clock.now();
    const meterStartWh = registers[at] ?? 0;
    const truth = { connector: at, start, startWh: meterStartWh, toldWh: 0, wh: 0, isInDoubt: false, isEndTold: false };
    const own: { truth: Truth; id?: string } = { truth };
    truths.push(truth);
    going.set(at, own);
    await status('charging', at);
    queue.push({
      make: () => ({
        kind: 'transaction_started',
        evse: at,
        at: start,
        meterStartWh,
        isOffline: rig.clock.now() - start > 120_000,
        meterValues: [],
        token: { id: `TAG${truths.length % 3}` },
      }),
      answered({ transaction }) {
        own.id = String(transaction);
      },
    });
  };
  const draw = (at: number, isNumbered: boolean): void => {
    const own = going.get(at);
    if (!own) return;
    const wh = (registers[at] ?? 0) + 250;
    registers[at] = wh;
    own.truth.wh += 250;
    const taken = rig.clock.now();
    // A reading that waits in the queue gets the number of its session.
    if (!isNumbered && !isConnected) return;
    if (isNumbered) own.truth.isInDoubt = false;
    if (!own.truth.isInDoubt) own.truth.toldWh = own.truth.wh;
    queue.push({
      make: () => ({
        kind: 'meter_values',
        evse: at,
        ...(isNumbered ? number(own.id) : {}),
        meterValues: [{ at: taken, context: 'live', sampledValues: [wattHours(wh)], signed: [] }],
      }),
    });
  };
  const end = async (at: number, how: End, isAvailableFirst: boolean): Promise<void> => {
    const own = going.get(at);
    if (!own) return;
    const old = before.get(at);
    going.delete(at);
    // So that the number of the one before is known.
    const told = how === 'by the number before' && old === undefined ? 'by number' : how;
    own.truth.isEndTold = told === 'by number' || (told !== 'never' && !own.truth.isInDoubt);
    const [endedAt, meterStopWh] = [rig.clock.now(), registers[at] ?? 0];
    if (isAvailableFirst) await status('available', at);
    if (told !== 'never')
      queue.push({
        make: () => ({
          kind: 'transaction_ended',
          ...(told === 'by number' ? number(own.id) : told === 'by the number before' ? number(old) : {}),
          at: endedAt,
          meterStopWh,
          isOffline: rig.clock.now() - endedAt > 120_000,
          meterValues: [],
          reason: 'Local',
        }),
        answered() {
          before.set(at, own.id);
        },
      });
    await flush();
    if (!isAvailableFirst) await status('available', at);
  };

  const life = {
    truths,
    async step(next: Step): Promise<void> {
      await rig.clock.advanceAsync(7000);
      switch (next.what) {
        case 'begin':
          await begin(next.at);
          break;
        case 'draw':
          draw(next.at, next.isNumbered);
          break;
        case 'end':
          await end(next.at, next.how, next.isAvailableFirst);
          break;
        case 'blink':
          if (!going.has(next.at)) break;
          for (const { truth } of going.values()) truth.isInDoubt ||= truth.connector === next.at;
          await status('available', next.at);
          await status('charging', next.at);
          break;
        case 'repeat':
          if (!isConnected || !last || (last.kind === 'transaction_started' && next.isNow)) break;
          await rig.say(last.kind !== 'meter_values' && next.isNow ? { ...last, at: rig.clock.now() } : last);
          break;
        case 'kill':
          // A register is written down once a minute.
          for (const truth of truths) truth.toldWh = 0;
          rig.kill();
          isConnected = false;
          break;
        case 'cut':
          if (isConnected) rig.drop();
          isConnected = false;
          break;
        case 'connect':
          await connect();
          break;
        default:
          await rig.clock.advanceAsync(600_000);
      }
      await flush();
    },
    async finish(): Promise<void> {
      await connect();
      await flush();
      for (const at of [1, 2]) await life.step({ what: 'end', at, how: 'by number', isAvailableFirst: false });
      await life.step({ what: 'wait' });
      await life.step({ what: 'kill' });
      await connect();
      await rig.clock.advanceAsync(600_000);
    },
  };
  return life;
};

/** Bills by place and beginning. */
const billsOf = (rig: DecodedStation): Map<string, number> => {
  const bills = new Map<string, number>();
  for (const { name, component, data = {} } of rig.events)
    if ((name === 'session_ended' || name === 'session_corrected') && data.energy_wh !== undefined)
      bills.set(`${component?.index} ${data.start}`, Number(data.energy_wh));
  return bills;
};

describe('billing, whatever happens', function () {
  this.timeout(240_000);

  it('each session has its energy, and nobody that of another', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (plan) => {
        const rig = createDecodedStation();
        const life = createLife(rig);
        await life.step({ what: 'connect' });
        for (const next of plan) await life.step(next);
        await life.finish();
        await rig.driver().close();
        const bills = billsOf(rig);
        for (const { connector: at, start, wh, toldWh, isEndTold } of life.truths) {
          const key = `${at} ${isoTime(start)}`;
          const billed = bills.get(key) ?? 0;
          bills.delete(key);
          if (isEndTold) assert.equal(billed, wh, key);
          else assert.ok(billed >= toldWh && billed <= wh, `${key}: ${toldWh} <= ${billed} <= ${wh}`);
        }
        assert.deepEqual([...bills], []);
      }),
      { numRuns: Number(process.env.RUNS ?? 200) },
    );
  });
});
