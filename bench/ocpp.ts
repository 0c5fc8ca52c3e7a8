/**
 * Charging stations that tell ten samples each, every ten seconds and then as fast as they are answered: what one
 * message and one station cost, beside an echo of bare ws and beside bare ocpp-rpc, each in a process of its own.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { printAmount, printRatio, printTable } from './parts/measure.ts';
import type { Usage, UsageOrder } from './parts/ocpp-csms.ts';
import type { StationsCount } from './parts/ocpp-stations.ts';
import { startTalking } from './parts/talking.ts';

interface Cost {
  /** CPU of the process, microseconds for each message told every ten seconds, and as fast as answered. */
  pacedUs: number;
  fastUs: number;
  perSecond: number;
  /** Of live objects, and as the process grows: the difference is room that V8 keeps. */
  heapKb: number;
  rssKb: number;
}

const tellsEveryMs = 10_000;
/** Until the set-up of every station is over: it waits for more to be said, ms. */
const setUpMs = 8000;

const measure = async (kind: string, stations: number, windowMs: number): Promise<Cost> => {
  const csms = await startTalking('ocpp-csms.ts', [kind, String(stations)], ['--expose-gc']);
  const usage = (settles = false): Promise<Usage> => csms.ask<Usage>({ settles } satisfies UsageOrder);
  const clients = await startTalking('ocpp-stations.ts', [`ws://127.0.0.1:${csms.first}`, String(stations)]);
  const count = (): Promise<StationsCount> => clients.ask<StationsCount>({ count: true });

  const during = async (everyMs: number, ms: number) => {
    clients.say({ tell: { everyMs } });
    await pause(Math.min(ms, everyMs || 1000));
    const [before, told] = [await usage(), await count()];
    const startedAt = performance.now();
    await pause(ms);
    const [after, toldThen] = [await usage(), await count()];
    const messages = toldThen.answered - told.answered;
    return {
      cpuUs: (after.cpuUs - before.cpuUs) / messages,
      perSecond: messages / ((performance.now() - startedAt) / 1000),
      readings: (after.readings - before.readings) / messages,
    };
  };

  try {
    clients.say({ tell: { everyMs: tellsEveryMs } });
    await pause(kind === 'driver' || kind === 'bridge' ? setUpMs : 1000);
    const paced = await during(tellsEveryMs, windowMs);
    const full = await usage(true);
    const fast = await during(0, windowMs);
    return {
      pacedUs: paced.cpuUs,
      fastUs: fast.cpuUs,
      perSecond: fast.perSecond,
      heapKb: full.heap / 1024 / stations,
      rssKb: full.rss / 1024 / stations,
    };
  } finally {
    await clients.close();
    await csms.close();
  }
};

export const benchOcpp = async (isShort: boolean): Promise<void> => {
  for (const stations of isShort ? [200] : [2000, 5000]) {
    const windowMs = isShort ? 5000 : 20_000;
    const echo = await measure('ws', stations, windowMs);
    const rpc = await measure('ocpp-rpc', stations, windowMs);
    const own = await measure('driver', stations, windowMs);
    const bridged = await measure('bridge', stations, windowMs);
    const row = (name: string, { pacedUs, fastUs, perSecond, heapKb, rssKb }: Cost) => [
      name,
      pacedUs,
      pacedUs / echo.pacedUs,
      fastUs,
      fastUs / echo.fastUs,
      perSecond,
      heapKb,
      rssKb,
    ];
    printTable(
      `${stations} charging stations with ten samples each: CPU for each message, memory for each station`,
      ['', 'every 10 s, us', 'x ws echo', 'fast, us', 'x ws echo', 'messages/s', 'heap kB', 'RSS kB'],
      [
        row('ws echo', echo),
        row('ocpp-rpc, bare', rpc),
        row('ours, to the samples of the driver', own),
        row('ours, to the readings of the bridge', bridged),
      ],
    );
    for (const [name, { pacedUs, fastUs, rssKb, perSecond }] of [
      ['samples', own],
      ['readings', bridged],
    ] as const) {
      printRatio(`socket to ${name}, every 10 s, CPU to ws echo`, pacedUs / echo.pacedUs, { atMost: 3 });
      printRatio(`socket to ${name}, as fast as answered, CPU to ws echo`, fastUs / echo.fastUs, { atMost: 3 });
      printAmount(`socket to ${name}, memory for each station`, rssKb, 'kB', { atMost: 60 });
      printAmount(`socket to ${name}, the ceiling`, perSecond, 'messages/s', { onlyAs: 'stations share the machine' });
    }
  }
};
