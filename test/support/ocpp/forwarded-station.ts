/**
 * A simulated station at our CSMS and driver, forwarded to a second backend: everything is real but the time. The
 * backend: rpc-csms.ts, or peer-backend.ts.
 */
import type { DriverEvent } from '../../../src/drivers/driver.ts';
import { codecFor } from '../../../src/drivers/ocpp/codec/codec-by-version.ts';
import { createOcppDriver, type OcppDriver } from '../../../src/drivers/ocpp/driver.ts';
import type { ForwardOptions } from '../../../src/drivers/ocpp/forwarding/forwarder.ts';
import type { Clock } from '../../../src/model/time.ts';
import { SimulatedStation, type SimulatedStationOptions } from '../../../src/simulator/ocpp/simulated-station.ts';
import type { EvseState } from '../../../src/simulator/ocpp/station-state.ts';
import { sinkOf } from '../driver-sink.ts';
import { createMemoryJournal, type MemoryJournal } from '../memory-journal.ts';
import { until } from '../until.ts';
import { beginOrder, chargingOrder } from './charging-orders.ts';
import { startTestCsms } from './test-csms.ts';

export interface ForwardedStation {
  charger: SimulatedStation;
  journal: MemoryJournal;
  driver(): OcppDriver;
  events: DriverEvent[];
  named(name: string): DriverEvent[];
  evse(): EvseState;
  /** The current on L1 becomes so, A. */
  draws(amps: number): Promise<void>;
  /** The car charges, and its transaction has a number. @returns the one here */
  charge(tag?: string): Promise<string>;
  /** Unplugged, and all of it told here. */
  leave(): Promise<void>;
  /** Limits it from here; the effect is not waited for. */
  limit(amps: number): void;
  /** The process ends without a word, and begins anew. */
  kill(): void;
  close(): Promise<void>;
}

export const startForwardedStation = async (
  clock: Clock,
  version: '1.6' | '2.0.1',
  forward: ForwardOptions,
  more: Partial<SimulatedStationOptions> = {},
): Promise<ForwardedStation> => {
  const identity = 'CP1';
  const csms = await startTestCsms({ limits: { handoverMs: 600_000 } }, clock);
  const journal = createMemoryJournal();
  const events: DriverEvent[] = [];
  let registration: { remove(): void };

  const open = (): OcppDriver => {
    const driver = createOcppDriver(
      {
        identity,
        name: 'box',
        codecOf: codecFor,
        store: journal,
        presets: [],
        quirks: {},
        limits: { minCurrentA: 6, maxCurrentA: 32, failsafeA: 6, phases: 3, intervalS: 10 },
        authorisation: { mode: 'free', tags: [], ownTag: 'EMS' },
        heartbeatS: 300,
        forward,
      },
      clock,
    );
    driver.start(sinkOf({ event: (event) => events.push(event) }));
    registration = csms.register(identity, { versions: [version], security: 0 }, driver);
    return driver;
  };
  let driver = open();
  const url = csms.url('').replace(/\/$/, '');
  const charger = new SimulatedStation({ url, identity, version, deviations: { redialS: 5 }, ...more }, clock);
  const evse = (): EvseState => charger.state().evses[0] as EvseState;
  const isSetUp = (): boolean =>
    forward.mode === 'observe' ? driver.actuators().length > 1 : driver.facts().measurands !== undefined;
  await until(() => charger.state().isRegistered && isSetUp(), 'it is set up here');

  return {
    charger,
    journal,
    driver: () => driver,
    events,
    named: (name) => events.filter((event) => event.name === name),
    evse,
    draws: (amps) => until(() => Math.abs(evse().currentsA[0] - amps) < 0.01, `${amps} A on L1`),
    async charge(tag = 'AABB') {
      charger.plug(1);
      await charger.presentToken(1, tag);
      await until(() => evse().status === 'charging' && evse().transaction !== undefined, 'it charges');
      return evse().transaction ?? '';
    },
    async leave() {
      charger.unplug(1);
      await until(() => evse().status === 'available' && charger.state().queuedMessages === 0, 'the car is gone');
    },
    limit(amps) {
      beginOrder(driver, chargingOrder('set_current_limit', { current_a: amps }));
    },
    kill() {
      // Nothing the old driver does while it closes may reach the journal.
      const old = driver;
      const { records } = journal;
      journal.isWritable = false;
      registration.remove();
      void old.close();
      journal.isWritable = true;
      journal.records = records;
      driver = open();
    },
    async close() {
      await charger.close();
      await driver.close();
      await csms.close();
    },
  };
};
