/**
 * One run over a station after its boot: what it can do is read, and of what it is set to only that is changed which
 * differs. Slowly and one call at a time, since some stations restart, or close the connection, when asked too much.
 */
import { pause } from '../../../common/pause.ts';
import type { ListedIdToken } from '../authorization/authorize.ts';
import { enableLocalList, localListVariables, sendLocalList } from '../authorization/local-auth-list.ts';
import { askForStatus } from '../availability/ask-for-status.ts';
import type { StationRequest, StationResult, Variable } from '../messages.ts';
import { configureMetering } from '../metering/configure-metering.ts';
import { refusalOf, type SendOptions } from '../station/calls.ts';
import { DeviceVariables, evseFacts, evseNames, namesOf, variableNames } from '../station/device-variables.ts';
import type { Station } from '../station/station.ts';
import { endUnknownTransactions } from '../transactions/get-transaction-status.ts';

export interface ProvisioningOptions {
  /** The settings of the station are somebody else's: nothing is changed. */
  keepsSettings: boolean;
  /** For the list in the station; undefined: it is not to keep one of ours. */
  listed: ListedIdToken[] | undefined;
}

/** Between two calls, ms. */
const paceMs = 100;
/** A station that is silent on this many calls is left alone. */
const mostTimeouts = 2;
const mostConnectors = 64;

class Exhausted extends Error {}

class ProvisioningRun {
  private readonly station: Station;
  private readonly options: ProvisioningOptions;
  private readonly signal: AbortSignal;
  private timeouts = 0;

  constructor(station: Station, options: ProvisioningOptions, signal: AbortSignal) {
    this.station = station;
    this.options = options;
    this.signal = signal;
  }

  async run(hasBooted: boolean): Promise<void> {
    const { station, options } = this;
    const { factStore, calls } = station;
    const variables = await this.read();
    factStore.note(variables.facts());
    const { connectors } = namesOf(calls.version() ?? '1.6');
    const count = Math.min(mostConnectors, Math.floor(variables.number(connectors) ?? 0));
    for (let evse = 1; evse <= count; evse++) station.evse(evse);
    if (!hasBooted && isTriggered(station)) await this.send({ kind: 'trigger', message: 'boot' });
    await askForStatus(station, isTriggered(station), this.send);
    await endUnknownTransactions(station, this.send);
    if (!options.keepsSettings) await this.configure(variables);
    if (options.listed) await sendLocalList(options.listed, variables, { factStore, ask: this.send });
    await this.readEvses();
  }

  /** @returns undefined where the station is silent @throws Exhausted */
  private readonly send = async (
    request: StationRequest,
    options: SendOptions = {},
  ): Promise<StationResult | undefined> => {
    const { calls, clock } = this.station;
    await pause(paceMs, clock, this.signal);
    if (this.signal.aborted || !calls.isConnected()) throw new Exhausted();
    try {
      return await calls.send(request, options);
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal) return refusal;
      this.timeouts++;
      if (this.timeouts >= mostTimeouts || !calls.isConnected()) throw new Exhausted();
      return undefined;
    }
  };

  private get(names: string[] | undefined): Promise<StationResult | undefined> {
    return this.send({ kind: 'get_variables', variables: names?.map((name) => ({ name })) });
  }

  private async read(): Promise<DeviceVariables> {
    const version = this.station.calls.version() ?? '1.6';
    const names = [...variableNames(version), ...localListVariables(version)];
    if (version !== '1.6') return new DeviceVariables(await this.getInParts(names), version);
    const all = (await this.get(undefined))?.variables ?? [];
    // Some answer nothing, or an error, where all keys are asked for.
    return new DeviceVariables(all.length > 0 ? all : ((await this.get(names))?.variables ?? []), version);
  }

  /** OCPP 2.x: where so many are too many at once (DeviceDataCtrlr.ItemsPerMessage), half of them. */
  private async getInParts(names: string[]): Promise<Variable[]> {
    const result = await this.get(names);
    if (result?.status !== 'rejected' || names.length === 1) return result?.variables ?? [];
    const half = Math.ceil(names.length / 2);
    return [...(await this.getInParts(names.slice(0, half))), ...(await this.getInParts(names.slice(half)))];
  }

  private async configure(variables: DeviceVariables): Promise<void> {
    const { station, options } = this;
    const settings = {
      intervalS: station.options.limits.intervalS,
      measurands: station.quirks().measurands,
    };
    const set = (name: string, value: string): Promise<boolean> => this.set(name, value);
    await configureMetering(variables, settings, { factStore: station.factStore, set });
    if (options.listed && options.listed.length > 0) await enableLocalList(variables, set);
  }

  /** @returns whether it was accepted, be it after a reboot */
  private async set(name: string, value: string): Promise<boolean> {
    const result = await this.send({ kind: 'set_variables', variables: [{ name, value }] });
    return /accept|reboot|done/i.test(result?.variables?.[0]?.status ?? result?.status ?? 'rejected');
  }

  /** OCPP 2.x: last of all, when the EVSEs have shown themselves. */
  private async readEvses(): Promise<void> {
    const { calls, factStore } = this.station;
    if (calls.version() === '1.6') return;
    for (const evse of this.station.evseIds()) {
      const variables = evseNames.map((name) => ({ name, evse }));
      const told = (await this.send({ kind: 'get_variables', variables }))?.variables ?? [];
      factStore.note(evseFacts(evse, told, factStore.facts));
    }
  }
}

/** Whether the station may take triggers of messages: it has the feature profile, or named none at all. */
export const isTriggered = ({ factStore }: Station): boolean =>
  factStore.facts.features?.includes('remotetrigger') !== false;

/**
 * @param hasBooted the station said on this connection who it is
 * @param run its options, and the signal that aborts with the connection
 * @returns false where the station was left alone before the end
 */
export const provisionStation = async (
  station: Station,
  hasBooted: boolean,
  { signal, ...options }: ProvisioningOptions & { signal: AbortSignal },
): Promise<boolean> => {
  try {
    await new ProvisioningRun(station, options, signal).run(hasBooted);
    return true;
  } catch (error) {
    if (!(error instanceof Exhausted)) throw error;
    return false;
  }
};
