/** A device of the field as an image of its registers, and what its shipped profile has to make of it. */
import assert from 'node:assert/strict';
import type { ProfileChoice } from '../../../src/drivers/modbus/profiles/variants.ts';
import type { RegisterTable } from '../../../src/simulator/modbus/register-image.ts';
import { type Contents, type PolledDevice, pollDevice } from './polled-device.ts';

/** The image of a device and the expected readings. */
export interface FieldDevice {
  /** Id of the shipped profile. */
  profile: string;
  choice?: ProfileChoice;
  /** Register contents by table; every other register is refused. */
  registers: Partial<Record<RegisterTable, Contents>>;
  /** What all registers of the profile say that the image does not name; absent: they are refused. */
  others?: number;
  /** Vendor, model, serial number, firmware and rated power, as far as they are told. */
  identity?: { vendor?: string; model?: string; serial?: string; firmware?: string; ratedPowerW?: number };
  /** Expected values by quantity: "meter/power/l1"; null: there is none. */
  values: Record<string, unknown>;
}

/** Polls the image until everything was read once. */
export const openFieldDevice = async ({ profile, choice, registers, others }: FieldDevice): Promise<PolledDevice> => {
  const device = await pollDevice(profile, {}, { ...(choice && { choice }), others });
  for (const table of ['holding', 'input', 'coil', 'discrete'] as const) device.put(registers[table] ?? {}, table);
  await device.cycles(3);
  return device;
};

/** @throws AssertionError with every value that is not the expected one */
export const assertFieldDevice = (device: PolledDevice, { identity = {}, values }: FieldDevice): void => {
  const told = device.driver.describe();
  const toldIdentity = Object.fromEntries(
    Object.keys(identity).map((key) => [key, told[key as keyof typeof identity]]),
  );
  assert.deepEqual(toldIdentity, identity);
  const toldValues = Object.fromEntries(Object.keys(values).map((path) => [path, device.value(path)]));
  assert.deepEqual(toldValues, values);
};
