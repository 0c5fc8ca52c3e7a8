/** One side of the OCPP benchmark: a server in a process of its own, and its stations in another. */
import { setTimeout as pause } from 'node:timers/promises';
import type { CsmsOrder, Usage } from './ocpp-csms.ts';
import type { StationsCount } from './ocpp-stations.ts';
import { startTalking, type Talking } from './talking.ts';

export type CsmsKind = 'ws' | 'ocpp-rpc' | 'driver' | 'bridge' | 'wire';

export interface CsmsSide {
  /**
   * The stations tell, and only for this long.
   * @returns CPU of the server for each message that it answered, microseconds; messages per second; readings that did
   *   not get to the broker
   */
  during(everyMs: number, ms: number): Promise<{ cpuUs: number; perSecond: number; lost: number }>;
  /** What others left as garbage goes: V8 would clear it up while little goes on, as the work of whoever is measured. */
  tidy(): Promise<void>;
  /**
   * For each station: live objects and buffers; as the process grew, without and with the room that V8 keeps for
   * garbage, which is the same for few stations and for many.
   */
  memory(): Promise<{ liveKb: number; rssKb: number; atWorkKb: number }>;
  close(): Promise<void>;
}

/** Before the measured ones, so that what is compiled, and the room for garbage, counts for the server. */
const warmingStations = 100;
const warmingMs = 2500;
/** No call to any station for so long: the set-up is over. */
const quietMs = 1000;
const firstEveryMs = 1000;

const talkTo = (csms: Talking, prefix: string, count: number): Promise<Talking> =>
  startTalking('ocpp-stations.ts', [`ws://127.0.0.1:${csms.first}/${prefix}`, String(count)]);

const countOf = (clients: Talking): Promise<StationsCount> => clients.ask<StationsCount>({ count: true });

const untilQuiet = async (clients: Talking): Promise<void> => {
  for (let calls = -1; ; await pause(quietMs)) {
    const now = (await countOf(clients)).calls;
    if (now === calls) return;
    calls = now;
  }
};

/** @param brokerPort where the readings go of the kind that sends them away */
export const startCsmsSide = async (kind: CsmsKind, stations: number, brokerPort = 0): Promise<CsmsSide> => {
  const csms = await startTalking('ocpp-csms.ts', [kind, String(brokerPort)], ['--expose-gc']);
  const order = (what: CsmsOrder): Promise<Usage> => csms.ask<Usage>(what);

  await order({ expect: { prefix: 'W', count: warmingStations } });
  const warming = await talkTo(csms, 'W', warmingStations);
  await untilQuiet(warming);
  warming.say({ tell: { everyMs: 0 } });
  await pause(warmingMs);
  await warming.close();
  const emptyAtWork = await order({ collect: 'nothing' });
  const empty = await order({ collect: 'all' });

  await order({ expect: { prefix: 'S', count: stations } });
  const clients = await talkTo(csms, 'S', stations);
  await untilQuiet(clients);
  // What a station shows for the first time is told of once.
  clients.say({ tell: { everyMs: firstEveryMs } });
  await pause(2 * firstEveryMs);
  clients.say({ tell: { everyMs: undefined } });

  return {
    async during(everyMs, ms) {
      clients.say({ stayAwake: true });
      clients.say({ tell: { everyMs } });
      // The first of them compile and fill caches; and of whom nothing was heard while others took their turn is asked why.
      await pause(Math.max(500, everyMs));
      const [before, told] = [await order({ collect: 'nothing' }), await countOf(clients)];
      const startedAt = performance.now();
      await pause(ms);
      const [after, toldThen] = [await order({ collect: 'nothing' }), await countOf(clients)];
      const seconds = (performance.now() - startedAt) / 1000;
      clients.say({ tell: { everyMs: undefined } });
      clients.say({ stayAwake: false });
      const messages = toldThen.answered - told.answered;
      const isOurs = kind !== 'ws' && kind !== 'ocpp-rpc';
      if (isOurs && after.readings - before.readings < messages * 10)
        throw new Error(`${kind}: ${messages} messages of ten samples became ${after.readings - before.readings}`);
      return {
        cpuUs: (after.cpuUs - before.cpuUs) / messages,
        perSecond: messages / seconds,
        lost: after.lost - before.lost,
      };
    },
    async tidy() {
      await order({ collect: 'garbage' });
    },
    async memory() {
      const fullAtWork = await order({ collect: 'nothing' });
      const full = await order({ collect: 'all' });
      const perStation = (bytes: number): number => bytes / 1024 / stations;
      return {
        liveKb: perStation(full.live - empty.live),
        rssKb: perStation(full.rss - empty.rss),
        atWorkKb: perStation(fullAtWork.rss - emptyAtWork.rss),
      };
    },
    async close() {
      await clients.close();
      await csms.close();
    },
  };
};
