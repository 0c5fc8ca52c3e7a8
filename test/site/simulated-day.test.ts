import assert from 'node:assert/strict';
import type { Message } from '../../src/model/message.ts';
import { inBursts, type Played, restart, startPlay, tellEnergy } from '../support/site/played-site.ts';
import type { RunningSite } from '../support/site/running-site.ts';
import { type DayOptions, type Dice, dayS, type LivedDay, liveDay, type Show } from '../support/site/simulated-day.ts';

/** What befalls the readings of a device on their way. */
type Distort = (played: Played[], dice: Dice, intervalS: number, device: string) => Played[];

const bursts: Distort = (played, { whole }, intervalS) => inBursts(played, whole(2, 60) * intervalS);

const late: Distort = (played, { between, isIn }) =>
  played.map((each) => (isIn(0.05) ? { ...each, at: each.at + between(3, 20) } : each));

const shuffle = (played: Played[], { between }: Dice): Played[] =>
  played
    .map((each) => [between(0, 1), each] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, each]) => each);

/** Three times a day a device has no connection, and tells afterwards what it has kept. */
const backlog: Distort = (given, dice) => {
  let played = given;
  for (let i = 0; i < 3; i++) {
    const from = dice.whole(0, dayS - 8000);
    const to = from + dice.whole(60, 7000);
    const isKept = ({ ts, more }: Played): boolean => ts >= from && ts < to && !more?.late;
    const kept = played.filter(isKept);
    const order = dice.oneOf([kept, kept.toReversed(), shuffle(kept, dice)]);
    const step = dice.between(0.01, 0.05);
    played = [
      ...played.filter((each) => !isKept(each)),
      ...order.map((each, n) => ({ ...each, at: to + 1 + n * step, more: { late: true } })),
    ];
  }
  return played;
};

/** Numbers that no house can show, one in 250. */
const spikes: Distort = (played, { isIn, oneOf }) =>
  played.map((each) =>
    isIn(0.004) ? { ...each, value: oneOf([700_000, -1_234_567, 655_350, 2_147_483.647, 3e8, -9_999_999]) } : each,
  );

/** The clock of each device is off, and is set once to be off otherwise. */
const clocks: Distort = (played, { whole }, _, device) => {
  if (device === 'grid') return played;
  const [before, after, at] = [whole(-290, 290), whole(-290, 290), whole(3600, dayS - 3600)];
  return played.map((each) => ({ ...each, ts: each.ts + (each.ts < at ? before : after) }));
};

const inSteps = (wh: number, step: number): number => Math.floor(wh / step + 1e-9) * step;

type Counters = NonNullable<DayOptions['counters']>;

const right = (stepWh: number, isStated = true): Counters => ({
  stepWh,
  isStated,
  showOf(_, { whole }) {
    const start = whole(0, 1_000_000) * stepWh;
    return (wh) => inSteps(start + wh, stepWh);
  },
});

const wrongUnit = (device: string, factor: number, isStated: boolean): Counters => {
  const counters = right(1, isStated);
  return {
    ...counters,
    showOf: (each, dice) => {
      const show = counters.showOf(each, dice);
      const [start, step] = [dice.whole(1000, 9_000_000), factor < 1 ? 0.01 : 1];
      return each === device ? (wh) => inSteps(start + wh * factor, step) : show;
    },
  };
};

/** It stands still from some second on, or for some hours. */
const stuck = (device: string, fromS: number, toS = dayS + 1): Counters => {
  const counters = right(1);
  return {
    ...counters,
    showOf: (each, dice): Show => {
      const show = counters.showOf(each, dice);
      if (each !== device) return show;
      let [atStop, missed] = [0, 0];
      return (wh, s) => {
        if (s < fromS) atStop = wh;
        if (s < toS) missed = wh - atStop;
        return show(wh - missed, s);
      };
    },
  };
};

interface Kind extends DayOptions {
  name: string;
  distort?: Distort[];
  restarts?: number;
  /** Names of the events that may be told. */
  events?: string[];
  /** What comes last in a burst is told long after it was measured. */
  coverage?: number;
}

const kinds: Kind[] = [
  { name: 'as it was' },
  { name: 'in bursts', distort: [bursts], coverage: 0.97 },
  { name: 'with counters beside power', counters: right(1) },
  { name: 'a twentieth of it late', distort: [late] },
  { name: 'with backlogs', distort: [backlog] },
  { name: 'with wild samples', distort: [spikes], events: ['power_doubted'] },
  { name: 'by clocks that are off', distort: [clocks], counters: right(10), events: ['clock_skew'] },
  { name: 'in kWh as Wh', counters: wrongUnit('grid', 0.001, false), events: ['counter_power_mismatch'] },
  { name: 'in Wh as mWh', counters: wrongUnit('bat', 1000, true), events: ['counter_power_mismatch'] },
  { name: 'by a counter that stops', counters: stuck('a', 36_000), events: ['counter_power_mismatch'] },
  { name: 'by a counter that rests', counters: stuck('car', 20_000, 50_000), events: ['counter_power_mismatch'] },
  { name: 'behind each other', isNested: true },
  { name: 'when it changes', isHeld: true },
  { name: 'when it changes, to one run after the other', isHeld: true, restarts: 4 },
  { name: 'to one run after the other', restarts: 6 },
  { name: 'late, wild and with backlogs', distort: [late, spikes, backlog], events: ['power_doubted'] },
  {
    name: 'late and wild by clocks that are off',
    distort: [late, spikes, clocks],
    events: ['power_doubted', 'clock_skew'],
  },
  {
    name: 'behind each other with backlogs, to one run after the other',
    isNested: true,
    distort: [backlog],
    restarts: 4,
  },
  {
    name: 'in another unit with backlogs by clocks that are off',
    counters: wrongUnit('car', 0.001, true),
    distort: [backlog, clocks],
    events: ['counter_power_mismatch', 'clock_skew', 'counter_recovered'],
  },
  {
    name: 'by a counter that stops, late and with backlogs',
    counters: stuck('bat', 30_000),
    distort: [late, backlog],
    events: ['counter_power_mismatch', 'counter_recovered', 'balance_suspect'],
  },
];

const playDay = (
  { devices, dice }: LivedDay,
  played: Played[],
  restarts: number,
): { last: RunningSite; events: Message[] } => {
  let running = startPlay(devices);
  const events: Message[] = [];
  const cuts = Array.from({ length: restarts }, () => dice.whole(600, dayS - 600)).toSorted((a, b) => a - b);
  let from = 0;
  for (const to of [...cuts, Number.POSITIVE_INFINITY]) {
    const begin = running.clock.now();
    const part = played.filter(({ at }) => at >= from && at < to);
    running.play(
      part.map((each) => ({ ...each, at: each.at - from, ts: each.ts - from })),
      20_000,
    );
    if (to < dayS) running.pass(Math.max(0, begin + (to - from) * 1000 - running.clock.now()));
    events.push(...running.events);
    if (to > dayS) break;
    const told = running.energy();
    running = restart(running, devices, 1000);
    if (told) running.say(told);
    // What was told meanwhile is lost.
    from = to + 5;
  }
  tellEnergy(running);
  return { last: running, events };
};

describe('the energies of a day of a whole house, as it is told', function () {
  this.timeout(180_000);

  for (const { name, distort = [], restarts = 0, events: expected = [], coverage: least = 0.99, ...options } of kinds)
    it(name, () => {
      const day = liveDay(1000 + name.length, options);
      const played = Object.entries(day.told).flatMap(([device, own]) =>
        distort.reduce((all, each) => each(all, day.dice, day.intervalS[device] ?? 1, device), own),
      );
      const { last, events } = playDay(day, played, restarts);
      const { coverage, ...energy } = last.energy();
      const stepWh = options.counters?.stepWh ?? 0;
      for (const [key, wh] of Object.entries(day.truth)) {
        const own = energy[key];
        const isRight = typeof own === 'number' && Math.abs(own - wh) <= 0.02 * wh + 2 * stepWh;
        assert.ok(isRight, `${key}: ${own} of ${wh}`);
      }
      assert.ok(coverage > least, `${coverage}`);
      const names = new Set(
        events.flatMap((message) => (message.schema === 'event/1' ? [message.name as string] : [])),
      );
      assert.deepEqual(
        [...names].filter((each) => !expected.includes(each)),
        [],
      );
    });
});
