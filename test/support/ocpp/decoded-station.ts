/**
 * A charging station behind the codec: it says and is asked the decoded messages of messages.ts, whatever the version,
 * and has no socket and no frames. For tests of what a driver makes of messages, on virtual time. To test a message
 * from its frame on: scripted-station.ts.
 */
import type { Cycle, DeviceState, DriverEvent, DriverSink, Progress } from '../../../src/drivers/driver.ts';
import type { Codec } from '../../../src/drivers/ocpp/codec/codec.ts';
import { createOcppDriver, type OcppDriver, type OcppDriverOptions } from '../../../src/drivers/ocpp/driver.ts';
import type {
  Answer,
  MeterValue,
  SampledValue,
  StationMessage,
  StationRequest,
  StationResult,
  Version,
} from '../../../src/drivers/ocpp/messages.ts';
import { CallFailure, type CallOptions, type StationLink } from '../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import type { Value } from '../../../src/model/reading.ts';
import { createMemoryJournal, type MemoryJournal } from '../memory-journal.ts';
import { createVirtualClock, type VirtualClock } from '../virtual-clock.ts';

export const passingCodec = (version: Version): Codec => ({
  version,
  decode: (_action, payload) => ({ ok: true, event: payload as StationMessage, notes: [] }),
  reply: (_event, decision) => decision,
  encode: (request) => ({ action: request.kind, payload: request }),
  decodeResult: (_request, payload) => payload as StationResult,
});

export type StationAnswer = StationResult | CallFailure | undefined;
/** Gives the answer of the station; undefined: "accepted". */
export type Answering = (request: StationRequest) => StationAnswer;

export const accepted: StationResult = { status: 'accepted', raw: 'Accepted' };
export const rejected: StationResult = { status: 'rejected', raw: 'Rejected' };

export const amperes = (value: number, part = 'l1'): SampledValue => ({ quantity: 'current', part, value, unit: 'A' });
export const watts = (value: number): SampledValue => ({ quantity: 'power', value, unit: 'W' });
export const wattHours = (value: number): SampledValue => ({ quantity: 'energy_imported', value, unit: 'Wh' });
export const offered = (value: number): SampledValue => ({ quantity: 'current_offered', value, unit: 'A' });

export type TransactionStarted = Extract<StationMessage, { kind: 'transaction_started' }>;

export interface DecodedStation {
  clock: VirtualClock;
  journal: MemoryJournal;
  driver(): OcppDriver;
  requests: { request: StationRequest; options: CallOptions }[];
  asked<K extends StationRequest['kind']>(kind: K): Extract<StationRequest, { kind: K }>[];
  /** Limits as they were told: purpose, and the first of them. */
  limits(): number[];
  setAnswering(answering: Answering): void;
  connect(version?: Version): Promise<void>;
  /** With its boot, and the set-up over. */
  ready(version?: Version): Promise<void>;
  drop(): void;
  /** Sends a message of the station. @returns the decision about the answer */
  say(event: StationMessage): Promise<Answer>;
  status(status: Extract<StationMessage, { kind: 'status' }>['status'], evse?: number): Promise<Answer>;
  /** A transaction begins at the first EVSE, with a tag and a register of 0 Wh. */
  start(more?: { [K in keyof TransactionStarted]?: TransactionStarted[K] | undefined }): Promise<Answer>;
  measure(
    sampledValues: SampledValue[],
    more?: Partial<MeterValue> & { evse?: number; transaction?: string },
  ): Promise<Answer>;
  /** Values told, by path: "1/power", "1/current/l1". */
  told(path: string): { value: Value; ts: number; isEstimated?: boolean; reason?: string }[];
  last(path: string): Value | undefined;
  events: DriverEvent[];
  named(name: string): DriverEvent[];
  states: DeviceState[];
  drifts: string[];
  /** Progress of orders, as the driver reported it. */
  progress: (Progress & { actuator: string })[];
  /** In their order: that the description is new, and samples. */
  heard: ('described' | 'samples')[];
  /** Ends the process without a word, and begins anew. */
  kill(): void;
}

export const usualOptions = {
  identity: 'box',
  name: 'box',
  codecOf: passingCodec,
  presets: [],
  quirks: {},
  limits: { minCurrentA: 6, maxCurrentA: 32, failsafeA: 6, phases: 3 as const, intervalS: 10 },
  authorisation: { mode: 'free' as const, tags: [], ownTag: 'EMS' },
  heartbeatS: 300,
};

export const boot = { kind: 'boot' as const, vendor: 'Acme', model: 'Box', serial: '1', firmware: '1.0' };

export const createDecodedStation = (more: Partial<OcppDriverOptions> = {}): DecodedStation => {
  const clock = createVirtualClock();
  const journal = createMemoryJournal();
  const requests: DecodedStation['requests'] = [];
  const events: DriverEvent[] = [];
  const states: DeviceState[] = [];
  const drifts: string[] = [];
  const progress: DecodedStation['progress'] = [];
  const heard: DecodedStation['heard'] = [];
  const said: DecodedStation['told'] extends (path: string) => (infer T)[] ? (T & { path: string })[] : never = [];
  let answering: Answering = () => undefined;
  let generation = 0;
  let isConnected = false;

  const open = (): OcppDriver => {
    const own = ++generation;
    const driver = createOcppDriver({ ...usualOptions, store: journal, ...more }, clock);
    const isAlive = (): boolean => own === generation;
    const take = ({ samples }: Cycle): void => {
      const { channels } = driver.describe();
      for (const { channel, value, ts, isEstimated, reason } of samples) {
        const { index, quantity, part } = channels[channel] ?? {};
        const path = [index ?? 0, quantity, part].filter((each) => each !== undefined).join('/');
        said.push({ path, value, ts, ...(isEstimated ? { isEstimated } : {}), ...(reason ? { reason } : {}) });
      }
    };
    const sink: DriverSink = {
      described: () => isAlive() && heard.push('described'),
      cycle(cycle) {
        if (!isAlive()) return;
        heard.push('samples');
        take(cycle);
      },
      state: (state) => isAlive() && states.push(state),
      progressed: (actuator, made) => isAlive() && progress.push({ actuator, ...made }),
      drifted: (actuator, what) => isAlive() && drifts.push(`${actuator}: ${what}`),
      event: (event) => isAlive() && events.push(event),
    };
    driver.start(sink);
    return driver;
  };
  let driver = open();

  const link = (version: Version): StationLink => {
    const own = generation;
    return {
      identity: 'box',
      version,
      peer: { address: '127.0.0.1', isSecure: false, hasPassword: false },
      async call(_action, payload, options) {
        const request = payload as StationRequest;
        if (!isConnected || own !== generation) throw new CallFailure('offline', 'not connected');
        requests.push({ request, options });
        const answer = answering(request);
        await new Promise<void>((resolve) => clock.after(20, resolve));
        if (answer instanceof Error) throw answer;
        return answer ?? accepted;
      },
      close() {},
    };
  };

  const rig: DecodedStation = {
    clock,
    journal,
    driver: () => driver,
    requests,
    asked: <K extends StationRequest['kind']>(kind: K) =>
      requests.map(({ request }) => request).filter((each) => each.kind === kind) as Extract<
        StationRequest,
        { kind: K }
      >[],
    limits: () => rig.asked('set_profile').map(({ profile }) => profile.periods[0]?.limit ?? Number.NaN),
    setAnswering(next) {
      answering = next;
    },
    async connect(version = '1.6') {
      isConnected = true;
      driver.connected(link(version));
      await clock.advanceAsync(0);
    },
    async ready(version = '1.6') {
      await rig.connect(version);
      await rig.say(boot);
      await rig.status('available');
      await clock.advanceAsync(5000);
      requests.length = 0;
    },
    drop() {
      isConnected = false;
      driver.disconnected('the connection was lost');
    },
    async say(event) {
      const decision = (await driver.called(event.kind, event)) as Answer;
      await clock.advanceAsync(0);
      return decision;
    },
    status: (status, evse = 1) =>
      rig.say({ kind: 'status', evse, status, raw: status, errorCode: 'NoError', at: clock.now() }),
    start: (more = {}) => {
      const started = { evse: 1, at: clock.now(), isOffline: false, meterValues: [], token: { id: 'TAG' } };
      return rig.say({ kind: 'transaction_started', ...started, meterStartWh: 0, ...more } as TransactionStarted);
    },
    measure(sampledValues, { evse = 1, transaction, at = clock.now(), context = 'live', signed = [] } = {}) {
      const meterValues = [{ at, context, sampledValues, signed }];
      return rig.say({
        kind: 'meter_values',
        evse,
        meterValues,
        ...(transaction === undefined ? {} : { transaction }),
      });
    },
    told: (path) => said.filter((each) => each.path === path),
    last: (path) => rig.told(path).at(-1)?.value,
    events,
    named: (name) => events.filter((event) => event.name === name),
    states,
    drifts,
    progress,
    heard,
    kill() {
      isConnected = false;
      const old = driver;
      driver = open();
      void old.close();
    },
  };
  return rig;
};
