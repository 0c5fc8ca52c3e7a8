/** The bridge's side of a driver, for tests of a driver without a bridge. */
import type { DriverSink } from '../../src/drivers/driver.ts';

/** Hears what a test listens for, and nothing else. */
export const sinkOf = (heard: Partial<DriverSink>): DriverSink => ({
  described() {},
  cycle() {},
  state() {},
  drifted() {},
  progressed() {},
  event() {},
  ...heard,
});
