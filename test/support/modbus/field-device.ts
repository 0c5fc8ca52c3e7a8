/** A device of the field as an image of its registers, and what its shipped profile has to make of it. */
import assert from 'node:assert/strict';
import type { Table } from '../../../src/drivers/modbus/messages.ts';
import { openProfile } from '../../../src/drivers/modbus/profiles/library.ts';
import { tables } from '../../../src/drivers/modbus/profiles/register-groups.ts';
import type { ProfileChoice } from '../../../src/drivers/modbus/profiles/variants.ts';
import { type Contents, type PolledDevice, pollDevice } from './polled-device.ts';

/** The image of a device and the expected readings. */
export interface FieldDevice {
  /** Id of the shipped profile. */
  profile: string;
  choice?: ProfileChoice;
  /** Register contents by table; every other register is refused. */
  registers: Partial<Record<Table, Contents>>;
  /** 0: registers that the image does not name hold 0; absent: they are refused. */
  others?: 0;
  /** Addresses that the device refuses, in every table. */
  refused?: number[];
  /** Vendor, model, serial number, firmware and rated power, as far as they are told. */
  identity?: { vendor?: string; model?: string; serial?: string; firmware?: string; ratedPowerW?: number };
  /** Expected values by quantity: "meter/power/l1"; null: there is none. */
  values: Record<string, unknown>;
}

/** The words of an image by address, between the first and the last point of a profile with 0 where it names none. */
const wordsOf = (image: FieldDevice, table: Table): Contents => {
  const opened = openProfile({ id: image.profile });
  assert.ok(opened.ok, opened.ok ? '' : opened.reason);
  const words: Contents = {};
  const addresses = opened.value.points.filter((point) => point.table === table).flatMap((point) => point.words);
  if (image.others === 0 && addresses.length > 0)
    for (let address = Math.min(...addresses); address <= Math.max(...addresses); address++) words[address] = '0000';
  for (const [first, text] of Object.entries(image.registers[table] ?? {}))
    for (const [n, word] of (text.replace(/\s/g, '').match(/.{4}/g) ?? []).entries()) words[Number(first) + n] = word;
  for (const address of image.refused ?? []) delete words[address];
  return words;
};

/** Polls the image until everything was read. */
export const openFieldDevice = async (image: FieldDevice): Promise<PolledDevice> => {
  const more = Object.fromEntries(tables.map((table) => [table, wordsOf(image, table)] as const));
  const device = await pollDevice(image.profile, {}, { ...(image.choice && { choice: image.choice }), more });
  await device.cycles(2);
  return device;
};

/** @throws AssertionError with every value that is not the expected one */
const assertFieldDevice = (device: PolledDevice, { identity = {}, values }: FieldDevice): void => {
  const told = device.driver.describe();
  const toldIdentity = Object.fromEntries(
    Object.keys(identity).map((key) => [key, told[key as keyof typeof identity]]),
  );
  assert.deepEqual(toldIdentity, identity);
  const toldValues = Object.fromEntries(Object.keys(values).map((path) => [path, device.value(path)]));
  assert.deepEqual(toldValues, values);
};

/** One test for each image: its shipped profile makes of it what is expected. */
export const describeFieldDevices = (title: string, devices: Record<string, FieldDevice>): void => {
  describe(title, () => {
    let device: PolledDevice;
    afterEach(() => device.close());

    for (const [name, image] of Object.entries(devices))
      it(name, async () => {
        device = await openFieldDevice(image);
        assertFieldDevice(device, image);
      });
  });
};
