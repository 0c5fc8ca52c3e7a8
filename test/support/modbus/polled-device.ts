/**
 * A Modbus TCP server with the registers a test gives it, and the driver of a profile that polls it: for tests of
 * profiles and of polling. It serves correct frames; for broken ones see scripted-server.ts.
 */

import assert from 'node:assert/strict';
import type { Cycle, DeviceState, Driver, DriverEvent, Sample } from '../../../src/drivers/driver.ts';
import { createModbusDriver } from '../../../src/drivers/modbus/driver.ts';
import type { Table } from '../../../src/drivers/modbus/messages.ts';
import { openProfile } from '../../../src/drivers/modbus/profiles/library.ts';
import type { ResolvedProfile } from '../../../src/drivers/modbus/profiles/resolve-profile.ts';
import type { ProfileChoice } from '../../../src/drivers/modbus/profiles/variants.ts';
import { RegisterImage, type UnitImages } from '../../../src/drivers/modbus/server/register-image.ts';
import type { Bus } from '../../../src/drivers/modbus/transport/bus/bus.ts';
import { createBus } from '../../../src/drivers/modbus/transport/bus/link-bus.ts';
import { createTcpLink } from '../../../src/drivers/modbus/transport/tcp-link.ts';
import { systemClock } from '../../../src/shell/clock.ts';
import { type Fault, startFaultyServer } from '../../../src/simulator/modbus/faulty-server.ts';
import { sinkOf } from '../driver-sink.ts';
import { until } from '../until.ts';

/** Register contents in hexadecimal, by the address of the first one: { 30773: "0000 0f3c" }. */
export type Contents = Record<number, string>;

export interface PolledDevice {
  driver: Driver;
  states: DeviceState[];
  events: DriverEvent[];
  /** Puts words into the registers; what was never put there is refused with exception 2. */
  put(contents: Contents, table?: Table): void;
  /** The next cycles, begun after this call. */
  cycles(count: number): Promise<Cycle[]>;
  /** The last sample of a quantity: "solar/1/dc_power", "meter/power/l1". */
  sample(path: string): Sample | undefined;
  value(path: string): unknown;
  state(): DeviceState | undefined;
  fault(fault: Fault): Promise<void>;
  /** From now on it refuses these addresses, and no others. */
  refuse(addresses: number[]): void;
  requests(): number;
  close(): Promise<void>;
}

const unit = 1;

/** This server needs none of the pauses that devices want between two requests. */
const withoutPauses = ({ profile, ...rest }: ResolvedProfile): ResolvedProfile => ({
  ...rest,
  profile: { ...profile, ...(profile.connection && { connection: { ...profile.connection, interRequestMs: 0 } }) },
});

export const putWords = (image: RegisterImage, contents: Contents): void => {
  for (const [address, text] of Object.entries(contents))
    for (const [i, word] of (text.replace(/\s/g, '').match(/.{4}/g) ?? []).entries())
      image.set(Number(address) + i, Number.parseInt(word, 16));
};

/**
 * @param profile id of a shipped one, or JSON of its own
 * @param contents in the table that the profile reads most
 * @param others what the other registers of the profile say; absent: they are refused
 * @param more contents of other tables
 */
export const pollDevice = async (
  profile: string | object,
  contents: Contents,
  {
    table = 'holding',
    choice = {},
    others,
    more = {},
  }: {
    table?: Table;
    choice?: ProfileChoice;
    others?: number | undefined;
    more?: Partial<Record<Table, Contents>>;
  } = {},
): Promise<PolledDevice> => {
  const opened = openProfile(
    typeof profile === 'string' ? { id: profile } : { inline: JSON.stringify(profile) },
    choice,
  );
  assert.ok(opened.ok, opened.ok ? '' : opened.reason);
  let refused: number[] = [];
  class RefusingImage extends RegisterImage {
    override get(address: number): number | undefined {
      return refused.includes(address) ? undefined : super.get(address);
    }
  }
  const images: Required<Pick<UnitImages, Table>> = {
    coil: new RefusingImage(),
    discrete: new RefusingImage(),
    holding: new RefusingImage(),
    input: new RefusingImage(),
  };
  if (others !== undefined)
    for (const point of opened.value.points) for (const word of point.words) images[point.table].set(word, others);
  putWords(images[table], contents);
  for (const each of ['coil', 'discrete', 'holding', 'input'] as const) putWords(images[each], more[each] ?? {});
  const server = await startFaultyServer({ host: '127.0.0.1', port: 0 }, new Map([[unit, images]]));
  const bus: Bus = createBus(createTcpLink({ host: '127.0.0.1', port: server.port }, systemClock), systemClock);
  const resolved = withoutPauses(opened.value);
  const driver = createModbusDriver({ resolved, bus, unit, intervalMs: 20, name: 'd1' }, systemClock);
  const states: DeviceState[] = [];
  const events: DriverEvent[] = [];
  const all: Cycle[] = [];
  driver.start(
    sinkOf({
      state: (state) => states.push(state),
      event: (event) => events.push(event),
      cycle: (cycle) => all.push(cycle),
    }),
  );

  const channelOf = (path: string): number =>
    driver
      .describe()
      .channels.findIndex(
        ({ type, index, quantity, part }) =>
          [type, index, quantity, part].filter((level) => level !== undefined).join('/') === path,
      );
  const sample = (path: string): Sample | undefined => {
    const channel = channelOf(path);
    assert.ok(channel >= 0, `${path} is no channel`);
    return all.flatMap(({ samples }) => samples).findLast((each) => each.channel === channel);
  };

  return {
    driver,
    states,
    events,
    put: (more, where = table) => putWords(images[where], more),
    async cycles(count) {
      // The one under way may have read before.
      const first = all.length + 1;
      await until(() => all.length >= first + count, `${count} cycles`);
      return all.slice(first);
    },
    sample,
    value: (path) => sample(path)?.value,
    state: () => states.at(-1),
    fault: (fault) => server.setFault(unit, fault),
    refuse: (addresses) => {
      refused = addresses;
    },
    requests: () => server.requests(),
    async close() {
      await driver.close();
      await bus.close();
      await server.close();
    },
  };
};
