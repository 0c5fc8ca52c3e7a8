/** Inverters that sleep answer 0 to everything: a counter of 0 would be a reset that never happened. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { openFieldDevice } from '../../../support/modbus/field-device.ts';

const folder = new URL('../../../../profiles/', import.meta.url);
const classOf = (file: string): string => JSON.parse(readFileSync(new URL(file, folder), 'utf8')).class;
/** These have no voltage and no frequency, and their state of charge may be 0 while they work. */
const withoutSignOfLife = ['sma-sunny-boy-storage', 'sma-tripower-setpoint', 'solaredge-storage'];
const inverters = readdirSync(folder)
  .filter((file) => file.endsWith('.json') && ['inverter', 'hybrid', 'battery', 'ess'].includes(classOf(file)))
  .map((file) => file.replace('.json', ''))
  .filter((profile) => !withoutSignOfLife.includes(profile));

describe('a device that answers 0 to everything', () => {
  for (const profile of inverters)
    it(`tells no counter: ${profile}`, async () => {
      const device = await openFieldDevice({ profile, others: 0, registers: {}, values: {} });
      const paths = device.driver
        .describe()
        .channels.filter(({ quantity }) => /^energy_(im|ex|pro|ch|dis|con)/.test(quantity))
        .map(({ type, index, quantity, part }) =>
          [type, index, quantity, part].filter((level) => level !== undefined).join('/'),
        );
      const told = paths.filter((path) => device.value(path) !== null && device.value(path) !== undefined);
      await device.close();
      assert.deepEqual(told, []);
    });
});
