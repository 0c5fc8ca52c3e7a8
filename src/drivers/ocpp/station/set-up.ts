/**
 * A station made ready: what it can do is read, and of what it is set to only that is changed which differs. Slowly
 * and one thing at a time: some restart, or close the connection, when they are asked too much.
 */

import { pause } from '../../../common/pause.ts';
import type { Clock } from '../../../model/time.ts';
import { plugStatusOf } from '../codec/status-words.ts';
import type { Quirks } from '../quirks.ts';
import type { PlugStatus, StationRequest, StationResult, Variable } from '../words.ts';
import { type Asker, refusalOf } from './asking.ts';
import type { Tag } from './authorisation.ts';
import { tellLocalList } from './local-list.ts';
import type { Memory } from './memory.ts';
import { createSettings, evseFacts, evseNames, namesOf, type Settings, settingNames } from './settings.ts';
import { tune } from './tuning.ts';

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
  silentEvses(): number[];
  /** 2.x: what one of them is doing, by its own variables. */
  status(evse: number, status: PlugStatus, raw: string): void;
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

/** @param tags that the station keeps a list of; undefined: it is not to keep one */
export const createSetUp = (
  intervalS: number,
  asker: Asker,
  memory: Memory,
  quirks: () => Quirks,
  tags: (() => Tag[]) | undefined,
  clock: Clock,
  sink: SetUpSink,
): SetUp => {
  let timeouts = 0;

  /** @returns undefined where it is silent */
  const ask = async (request: StationRequest, signal: AbortSignal): Promise<StationResult | undefined> => {
    await pause(usualPaceMs, clock, signal);
    if (signal.aborted || !asker.isConnected()) throw new Exhausted();
    try {
      return await asker.ask(request);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal) return refusal;
      timeouts++;
      if (timeouts >= mostTimeouts || !asker.isConnected()) throw new Exhausted();
      return undefined;
    }
  };

  const get = async (names: string[] | undefined, signal: AbortSignal): Promise<StationResult | undefined> =>
    ask({ kind: 'get_variables', variables: names?.map((name) => ({ name })) }, signal);

  /** 2.x: where so many are too many at once (DeviceDataCtrlr.ItemsPerMessage), half of them. */
  const getInParts = async (names: string[], signal: AbortSignal): Promise<Variable[]> => {
    const result = await get(names, signal);
    if (result?.status !== 'rejected' || names.length === 1) return result?.variables ?? [];
    const half = Math.ceil(names.length / 2);
    return [...(await getInParts(names.slice(0, half), signal)), ...(await getInParts(names.slice(half), signal))];
  };

  const read = async (signal: AbortSignal): Promise<Settings> => {
    const version = asker.version() ?? '1.6';
    const names = settingNames(version);
    if (version !== '1.6') return createSettings(await getInParts(names, signal), version);
    const all = (await get(undefined, signal))?.variables ?? [];
    // Some answer nothing, or an error, where all is asked for.
    return createSettings(all.length > 0 ? all : ((await get(names, signal))?.variables ?? []), version);
  };

  const set = async (name: string, value: string, signal: AbortSignal): Promise<boolean> => {
    const result = await ask({ kind: 'set_variables', variables: [{ name, value }] }, signal);
    const word = result?.variables?.[0]?.status ?? result?.status ?? 'rejected';
    return /accept|reboot|done/i.test(word);
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

  const isTriggered = (): boolean => memory.facts.features?.includes('remotetrigger') !== false;

  /** 2.x: where it does not say what an EVSE is doing, its variables do (G01). */
  const readStatus = async (evse: number, signal: AbortSignal): Promise<void> => {
    const name = 'AvailabilityState';
    const variables = [
      { name: `Connector.${name}`, evse, connector: 1 },
      { name: `EVSE.${name}`, evse },
    ];
    const told = (await ask({ kind: 'get_variables', variables }, signal))?.variables ?? [];
    for (const { value = '' } of told) {
      const status = plugStatusOf(value);
      if (status === undefined) continue;
      sink.status(evse, status, value);
      return;
    }
  };

  /** 1.6: of all its connectors at once; 2.x: F06.FR.12, of each. */
  const askForStatus = async (signal: AbortSignal): Promise<void> => {
    const silent = sink.silentEvses();
    if (asker.version() === '1.6') {
      if (silent.length > 0 && isTriggered()) await ask({ kind: 'trigger', message: 'status' }, signal);
      return;
    }
    for (const evse of silent) {
      const result = await ask({ kind: 'trigger', message: 'status', evse }, signal);
      if (result?.status !== 'accepted') await readStatus(evse, signal);
    }
  };

  const askAround = async (hasBooted: boolean, signal: AbortSignal): Promise<void> => {
    if (isTriggered() && !hasBooted) await ask({ kind: 'trigger', message: 'boot' }, signal);
    await askForStatus(signal);
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
        const listed = tags?.();
        const wishes = {
          intervalS,
          measurands: quirks().measurands,
          hasList: listed !== undefined && listed.length > 0,
        };
        if (!quirks().keepsSettings) await tune(settings, wishes, memory, (name, value) => set(name, value, signal));
        if (listed) await tellLocalList(listed, settings, memory, (request) => ask(request, signal));
        await readEvses(signal);
        return true;
      } catch (error) {
        if (!(error instanceof Exhausted)) throw error;
        return false;
      }
    },
  };
};
