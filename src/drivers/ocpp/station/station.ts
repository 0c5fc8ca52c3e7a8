/**
 * The context of all blocks of one charging station: what is known of it and kept, the calls to it, and what it reports
 * upwards. A station outlives its connections.
 */

import type { Clock } from '../../../model/time.ts';
import type { DeviceDescription, DriverEvent } from '../../driver.ts';
import type { Block } from '../block.ts';
import type { Codec } from '../codec/codec.ts';
import { phaseRotations } from '../codec/limits.ts';
import { handleMessage } from '../message-handlers.ts';
import type { Answer, StationMessage, Version } from '../messages.ts';
import type { StationLink } from '../ocpp-j/station-link.ts';
import type { Quirks } from '../quirks.ts';
import { Alarms } from './alarms.ts';
import { BufferedSink } from './buffered-sink.ts';
import { PacedCalls, type StationCalls } from './calls.ts';
import { ClockOffset, type Moment } from './clock-offset.ts';
import { describeStation } from './describe.ts';
import { DeviceStateReport } from './device-state.ts';
import type { Evse } from './evse.ts';
import { Evses } from './evses.ts';
import { type AppliedPreset, applyPreset, type PresetOptions } from './find-preset.ts';
import { concludeOvertaken } from './lost-transactions.ts';
import type { PhaseRotation } from './phase-rotation.ts';
import { QuantityChannels } from './quantity-channels.ts';
import { RejectedCalls } from './rejected-calls.ts';
import { RemoteStarts } from './remote-start-ids.ts';
import { FactStore, type StationFacts } from './station-facts.ts';
import { type RecordStore, StationRecords } from './station-records.ts';
import type { Transaction } from './transaction.ts';
import { TransactionRecords } from './transaction-records.ts';
import { TransactionReports } from './transaction-reports.ts';

/** The installation as the form describes it, as far as all blocks need it. */
export interface InstallationSettings {
  phases: 1 | 2 | 3;
  /** A per phase. */
  minCurrentA: number;
  maxCurrentA: number;
  /** Between two samples of the station, s. */
  intervalS: number;
}

export interface StationOptions extends PresetOptions {
  /** The station's name in the URL with which it dials in. */
  identity: string;
  /** Name of the device, in the source of its readings. */
  name: string;
  codecOf(version: Version): Codec;
  store: RecordStore;
  /** Phase of the grid at L1, L2, L3 of the installation; absent: L1L2L3. */
  phaseRotation?: PhaseRotation;
  limits: InstallationSettings;
  /** Between two Heartbeats of the station, s. */
  heartbeatS: number;
  /** EVSEs that it is known to have before it says so. */
  evses?: number[];
}

const describeSkew = (ms: number | undefined): string | undefined =>
  ms === undefined
    ? undefined
    : `its clock is more than 10 minutes ${ms > 0 ? 'ahead' : 'behind'}; the times here are used`;

/** Deviations of the protocol that are reported, each once; a station that is never right has been reported enough. */
const mostDeviations = 100;

/** The context that all blocks of one station share. */
export class Station {
  readonly identity: string;
  readonly options: StationOptions;
  readonly clock: Clock;
  readonly sink = new BufferedSink();
  readonly records: StationRecords;
  readonly factStore: FactStore;
  readonly transactions: TransactionRecords;
  readonly reports: TransactionReports;
  readonly channels: QuantityChannels;
  readonly evses: Evses;
  readonly calls: StationCalls;
  readonly alarms: Alarms;
  readonly remoteStarts = new RemoteStarts();
  /** In the order in which their hooks are called. */
  blocks: readonly Block[] = [];
  link: StationLink | undefined;
  /** Codec of the present connection; undefined: not connected. */
  codec: Codec | undefined;
  /** Version of the last connection; undefined: the station never dialled in. */
  version: Version | undefined;
  /** The station is connected, and may be sent calls. */
  isUsable = false;
  /** When the station last told of an earlier time, monotonic ms: more of that may follow. */
  replayedAt = Number.NEGATIVE_INFINITY;
  readonly rejectedCalls: RejectedCalls;
  readonly deviceState: DeviceStateReport;
  private readonly clockOffset: ClockOffset;
  private readonly deviations = new Set<string>();
  private boot: StationFacts['boot'];
  private applied: AppliedPreset;
  /** Reported with the next samples, since a first message brings many new channels at once. */
  private hasNewChannels = false;

  constructor(options: StationOptions, clock: Clock) {
    const { limits, phaseRotation = phaseRotations[0] } = options;
    this.identity = options.identity;
    this.options = options;
    this.clock = clock;
    this.records = new StationRecords(options.store, () => this.deviceState.recordsChanged());
    this.factStore = new FactStore(this.records);
    this.transactions = new TransactionRecords(this.records, clock);
    this.reports = new TransactionReports(this.transactions, {
      identity: options.identity,
      clock,
      event: (event) => this.event(event),
    });
    this.deviceState = new DeviceStateReport(this.records, this.sink, clock);
    this.boot = this.factStore.facts.boot;
    this.applied = applyPreset(options, this.boot);
    this.channels = new QuantityChannels(this.records, {
      intervalS: limits.intervalS,
      changed: () => {
        this.hasNewChannels = true;
      },
    });
    this.rejectedCalls = new RejectedCalls(clock);
    this.calls = new PacedCalls(this, this.rejectedCalls, clock);
    this.evses = new Evses(
      {
        phases: limits.phases,
        phaseRotation,
        minCurrentA: limits.minCurrentA,
        maxCurrentA: limits.maxCurrentA,
        intervalMs: limits.intervalS * 1000,
        supplyPhases: (evse) => this.factStore.facts.supplyPhases?.[String(evse)],
        channels: this.channels,
        clock,
      },
      this.factStore,
      () => this.described(),
    );
    this.alarms = new Alarms(this.sink);
    this.clockOffset = new ClockOffset(clock);
  }

  /** Quirks of the form, over those of the preset. */
  quirks(): Quirks {
    return this.applied.quirks;
  }

  get preset(): AppliedPreset['preset'] {
    return this.applied.preset;
  }

  /** Numbers of its EVSEs in ascending order, without 0, the station as a whole. */
  evseIds(): number[] {
    return this.evses.numbers;
  }

  /** @param id 0: the station as a whole; an unknown one is added */
  evse(id: number): Evse {
    return this.evses.get(id);
  }

  /** The transaction that runs on an EVSE, to the best of our knowledge. */
  runningOn(evse: number): Transaction | undefined {
    return this.transactions.runningOn(evse);
  }

  describe(): DeviceDescription {
    const { name, limits, phaseRotation } = this.options;
    return describeStation({
      name,
      version: this.version,
      boot: this.factStore.facts.boot,
      channels: this.channels.all,
      phases: limits.phases,
      phaseRotation,
    });
  }

  /** Something of the description is new. */
  described(): void {
    const { boot } = this.factStore.facts;
    if (boot !== this.boot) {
      this.boot = boot;
      this.applied = applyPreset(this.options, boot);
    }
    this.sink.described();
  }

  /** Passes on what the EVSEs have to tell. */
  flush(): void {
    const samples = this.evses.drain();
    if (samples.length === 0) return;
    if (this.hasNewChannels) this.described();
    this.hasNewChannels = false;
    this.sink.cycle({ samples, durationMs: 0, errors: [] });
  }

  event(event: DriverEvent): void {
    this.sink.event(event);
  }

  /** Reports a deviation from the protocol that was read over, in words; each once. */
  deviated(note: string): void {
    if (this.deviations.has(note) || this.deviations.size >= mostDeviations) return;
    this.deviations.add(note);
    this.event({ name: 'protocol_deviation', severity: 'debug', message: note.slice(0, 1024) });
  }

  /** The blocks handle a message. @throws CallFailure where the station has to repeat it */
  on(message: StationMessage): Answer | Promise<Answer> {
    const answer = handleMessage(this.blocks, message);
    this.flush();
    return answer;
  }

  /** Tells the blocks that a car came or left, or a transaction began, went on or ended. */
  moved(evse: number): void {
    for (const block of this.blocks) block.moved?.(evse);
  }

  /** A time of the station, by our clock. @param at ms since 1970 @param isOffline the station says that it tells it late */
  timeOf(at: number | undefined, isOffline: boolean): Moment {
    const { clockOffset, alarms, clock } = this;
    const moment = clockOffset.momentOf(this.quirks().ignoresTime ? undefined : at, isOffline);
    if (moment.isReplay) this.replayedAt = clock.monotonic();
    alarms.set({ evse: 0, name: 'clock_skew', severity: 'warning' }, describeSkew(clockOffset.wrongBy()));
    return moment;
  }

  /** Shows the transactions that go on, to the best of our knowledge. */
  showTransactions(): void {
    for (const id of this.evses.numbers) {
      const transaction = this.runningOn(id);
      if (transaction) this.evse(id).setTransaction(transaction);
    }
    this.flush();
  }

  /** After a restart: reports ends that nobody may have heard of, and shows the transactions that go on. */
  resume(): void {
    const { transactions } = this;
    concludeOvertaken(transactions);
    this.reports.resume();
    for (const id of this.evses.numbers) this.evse(id).oldRegister = this.runningOn(id)?.register;
    this.showTransactions();
  }

  connected(link: StationLink): void {
    this.link = link;
    this.codec = this.options.codecOf(link.version);
    this.version = link.version;
    this.clockOffset.begin();
    // Messages that waited for the connection come now.
    this.replayedAt = this.clock.monotonic();
  }

  /** The station may be sent calls from now on. */
  usable(): void {
    this.isUsable = true;
    const wasUsable = this.deviceState.usable();
    for (const block of this.blocks) block.usable?.(wasUsable);
  }

  /** The station was read and configured on this connection. */
  async provisioned(signal: AbortSignal): Promise<void> {
    for (const block of this.blocks) await block.provisioned?.(signal);
  }

  /** Nothing is known of its EVSEs any more. @param reason in words */
  disconnected(reason: string): void {
    this.link = undefined;
    this.codec = undefined;
    for (const evse of this.evses.all) evse.forget();
    this.flush();
    this.deviceState.disconnected(reason, this.quirks().reconnectS);
  }

  close(): void {
    this.link = undefined;
    this.codec = undefined;
    this.reports.close();
  }
}
