import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { functionCodes } from '../../src/drivers/modbus/messages.ts';
import { filesIn, root } from '../support/house-rules.ts';

/** The functions of the Modbus specification that the driver uses, by their names there. */
const functions: [name: string, code: number][] = [
  ['Read Coils', 1],
  ['Read Discrete Inputs', 2],
  ['Read Holding Registers', 3],
  ['Read Input Registers', 4],
  ['Write Single Coil', 5],
  ['Write Single Register', 6],
  ['Write Multiple Coils', 15],
  ['Write Multiple Registers', 16],
];

describe('the house: a function of Modbus is found by its name in the specification', () => {
  const named = (name: string): string[] =>
    filesIn('src/drivers/modbus', '.ts').filter((file) => readFileSync(join(root, file), 'utf8').includes(name));

  for (const [name, code] of functions)
    it(name, () => {
      assert.ok(named(name).includes('src/drivers/modbus/codec/pdu.ts'), named(name).join());
      const key = name.charAt(0).toLowerCase() + name.slice(1).replaceAll(' ', '');
      assert.equal(new Map(Object.entries(functionCodes)).get(key), code);
    });

  it('and there are no others', () => assert.equal(Object.keys(functionCodes).length, functions.length));
});
