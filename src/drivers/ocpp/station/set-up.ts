/**
 * A station made ready: what it can do is read, and of what it is set to only that is changed which differs. Slowly
 * and one thing at a time: some restart, or close the connection, when they are asked too much.
 */
import type { Clock } from '../../../model/time.ts';
import { pause } from '../../pause.ts';
import type { Quirks } from '../quirks.ts';
import type { StationRequest, StationResult } from '../words.ts';
import { type Asker, isRefusal } from './asking.ts';
import type { Authoriser } from './authorisation.ts';
import type { Memory } from './memory.ts';
import {
  createSettings,
  evseFacts,
  evseNames,
  isSameList,
  namesOf,
  type Settings,
  wantedMeasurands,
} from './settings.ts';

export interface SetUpSink {
  /** It has so many connectors, by its own words. */
  connectors(count: number): void;
  /** 2.x: transactions that are thought to run. */
  transactions(): string[];
  /** One of them is over by the station's own words; its end is still to come. */
  over(transaction: string): void;
  /** Without the station as a whole. */
  evses(): number[];
  /** EVSEs that did not say what they are doing. */
  isStatusMissing(): boolean;
}

export interface SetUp {
  /**
   * @param hasBooted it said on this connection who it is
   * @param signal the connection is over
   * @returns false where the station was left alone before the end
   */
  run(hasBooted: boolean, signal: AbortSignal): Promise<boolean>;
  /** Where it can be asked, and whatever it answers. */
  askForBoot(): void;
}

const usualPaceMs = 100;
/** Silence to this many questions: it is left alone. */
const mostTimeouts = 2;
const mostConnectors = 64;

class Exhausted extends Error {}

export const createSetUp = (
  intervalS: number,
  asker: Asker,
  memory: Memory,
  quirks: () => Quirks,
  authoriser: Authoriser,
  clock: Clock,
  sink: SetUpSink,
): SetUp => {
  let timeouts = 0;

  /** @returns undefined where it refuses, or is silent */
  const ask = async (request: StationRequest, signal: AbortSignal): Promise<StationResult | undefined> => {
    await pause(usualPaceMs, clock, signal);
    if (signal.aborted || !asker.isConnected()) throw new Exhausted();
    try {
      return await asker.ask(request);
    } catch (error) {
      if (isRefusal(error)) return undefined;
      timeouts++;
      if (timeouts >= mostTimeouts || !asker.isConnected()) throw new Exhausted();
      return undefined;
    }
  };

  const read = async (signal: AbortSignal): Promise<Settings> => {
    const version = asker.version() ?? '1.6';
    const names = namesOf(version);
    const named = Object.values(names).flatMap((name) => (name === undefined ? [] : [{ name }]));
    const get = async (variables: typeof named | undefined): Promise<Settings> =>
      createSettings((await ask({ kind: 'get_variables', variables }, signal))?.variables ?? [], names);
    if (version !== '1.6') return get(named);
    const all = await get(undefined);
    // Some answer nothing, or an error, where all is asked for.
    return all.isEmpty ? get(named) : all;
  };

  const set = async (name: string, value: string, signal: AbortSignal): Promise<boolean> => {
    const result = await ask({ kind: 'set_variables', variables: [{ name, value }] }, signal);
    const word = result?.variables?.[0]?.status ?? result?.status ?? 'rejected';
    return /accept|reboot|done/i.test(word);
  };

  /** Whether there is such a setting that can be changed; where nothing was told, it is tried. */
  const isOpen = (settings: Settings, name: string): boolean => {
    const variable = settings.find(name);
    return variable ? variable.isReadOnly !== true : settings.isEmpty;
  };

  const setInterval = async (settings: Settings, signal: AbortSignal): Promise<void> => {
    const { interval } = namesOf(asker.version() ?? '1.6');
    if (!isOpen(settings, interval) || settings.number(interval) === intervalS) return;
    await set(interval, String(intervalS), signal);
  };

  const chooseMeasurands = async (settings: Settings, signal: AbortSignal): Promise<void> => {
    const names = namesOf(asker.version() ?? '1.6');
    const preset = quirks().measurands;
    const most = settings.number(names.mostMeasurands) ?? Number.POSITIVE_INFINITY;
    const wanted = (preset ?? wantedMeasurands).slice(0, Math.max(1, most));
    const known = memory.facts.measurands;
    const goal = known?.wanted === wanted.join() ? known.taken : wanted.join();
    if (!isOpen(settings, names.measurands) || isSameList(settings.text(names.measurands) ?? '', goal)) return;
    let taken = '';
    if (await set(names.measurands, goal, signal)) taken = goal;
    else if (preset) return;
    else
      for (const each of wanted) {
        const more = taken === '' ? each : `${taken},${each}`;
        if (await set(names.measurands, more, signal)) taken = more;
      }
    memory.note({ measurands: { wanted: wanted.join(), taken } });
  };

  /** 2.x: last of all, when its EVSEs have shown themselves. */
  const readEvses = async (signal: AbortSignal): Promise<void> => {
    if (asker.version() === '1.6') return;
    for (const evse of sink.evses()) {
      const variables = evseNames.map((name) => ({ name, evse }));
      const told = (await ask({ kind: 'get_variables', variables }, signal))?.variables ?? [];
      memory.note(evseFacts(evse, told, memory.facts));
    }
  };

  const pushList = async (signal: AbortSignal): Promise<void> => {
    const list = authoriser.localList();
    const { features, localList } = memory.facts;
    if (!list || list.digest === localList?.digest) return;
    if (features && !features.includes('localauthlistmanagement')) return;
    const version = (localList?.version ?? 0) + 1;
    const result = await ask({ kind: 'send_local_list', version, tokens: list.tokens }, signal);
    if (result?.status === 'accepted' || result?.status === 'done')
      memory.note({ localList: { version, digest: list.digest } });
  };

  const isTriggered = (): boolean => memory.facts.features?.includes('remotetrigger') !== false;

  const askAround = async (hasBooted: boolean, signal: AbortSignal): Promise<void> => {
    if (isTriggered() && !hasBooted) await ask({ kind: 'trigger', message: 'boot' }, signal);
    if (isTriggered() && sink.isStatusMissing()) await ask({ kind: 'trigger', message: 'status' }, signal);
    if (asker.version() === '1.6') return;
    for (const transaction of sink.transactions()) {
      const result = await ask({ kind: 'transaction_status', transaction }, signal);
      if (result?.isOngoing === false) sink.over(transaction);
    }
  };

  return {
    askForBoot() {
      if (isTriggered()) asker.ask({ kind: 'trigger', message: 'boot' }).catch(() => {});
    },
    async run(hasBooted, signal) {
      timeouts = 0;
      try {
        const settings = await read(signal);
        memory.note(settings.facts());
        const { connectors } = namesOf(asker.version() ?? '1.6');
        const count = settings.number(connectors) ?? 0;
        if (count > 0) sink.connectors(Math.min(mostConnectors, Math.floor(count)));
        await askAround(hasBooted, signal);
        if (!quirks().keepsSettings) {
          await setInterval(settings, signal);
          await chooseMeasurands(settings, signal);
        }
        await pushList(signal);
        await readEvses(signal);
        return true;
      } catch (error) {
        if (!(error instanceof Exhausted)) throw error;
        return false;
      }
    },
  };
};
