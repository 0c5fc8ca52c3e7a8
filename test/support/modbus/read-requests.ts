/** Read requests of tests, and the failure of those that must fail. */
import assert from 'node:assert/strict';
import { ModbusFailure } from '../../../src/drivers/modbus/failures.ts';
import type { ReadRequest } from '../../../src/drivers/modbus/messages.ts';

export const request = (address: number, count = 1, unit = 1): ReadRequest => ({
  unit,
  table: 'holding',
  address,
  count,
});

export const modbusFailureOf = async (reading: Promise<Buffer>): Promise<ModbusFailure> => {
  const outcome = await reading.then(
    () => 'an answer',
    (error: unknown) => error,
  );
  assert.ok(outcome instanceof ModbusFailure, String(outcome));
  return outcome;
};
