/** Writes to devices that refuse Write Multiple Registers, over a scripted server. */
import assert from 'node:assert/strict';
import { RegisterWriter } from '../../../../src/drivers/modbus/actuators/register-writer.ts';
import { type PlannedWrite, planTogether } from '../../../../src/drivers/modbus/actuators/write-plan.ts';
import { createWriteHabits } from '../../../../src/drivers/modbus/device/write-habits.ts';
import { exceptionFailure } from '../../../../src/drivers/modbus/failures.ts';
import type { WriteRequest } from '../../../../src/drivers/modbus/messages.ts';
import { resolvedPoints } from '../../../support/modbus/test-profiles.ts';

const { points } = resolvedPoints([
  { name: 'power', quantity: 'meter/power', addr: 0, type: 'int16', unit: 'W' },
  { name: 'value', addr: 10, type: 'uint16', access: 'rw' },
  { name: 'window', addr: 11, type: 'uint16', access: 'rw' },
  { name: 'timer', addr: 12, type: 'uint32', access: 'rw' },
  { name: 'switch', addr: 14, type: 'uint16', access: 'rw' },
  { name: 'setpoint', addr: 20, type: 'int32', access: 'rw' },
]);
const wanted = (name: string, words: number[], isFiller = false) => {
  const point = points.find((each) => each.name === name);
  assert.ok(point);
  return {
    point,
    value: 0,
    words: point.words.map((address, n) => ({ address, word: words[n] ?? 0 })),
    ...(isFiller ? { isFiller } : {}),
  };
};

describe('writes to a device', () => {
  let sent: string[];
  /** Exception codes by "function address". */
  let refused: Record<string, number>;
  const bus = {
    async write(request: WriteRequest): Promise<void> {
      const { functionCode, address, values } = request;
      sent.push(`${functionCode} ${address}: ${values.join(' ')}`);
      const code = refused[`${functionCode} ${address}`] ?? refused[functionCode];
      if (code !== undefined) throw exceptionFailure({ ...request }, code);
    },
  };
  const habits = createWriteHabits();
  const write = (planned: PlannedWrite[]): Promise<void> => {
    const [first] = planned;
    assert.ok(first && planned.length === 1);
    return new RegisterWriter(bus, habits).write(first, 1000);
  };
  // The switch comes last, although the registers are neighbours in any order.
  const limit = () =>
    planTogether(1, [
      wanted('value', [40]),
      wanted('timer', [0, 60]),
      wanted('window', [7], true),
      wanted('switch', [1]),
    ]);

  beforeEach(() => {
    sent = [];
    refused = {};
    habits.writesSingly = false;
  });

  it('go in one request, whatever the order of the points', async () => {
    await write(limit());
    assert.deepEqual(sent, ['16 10: 40 7 0 60 1']);
  });

  it('go register by register where function 16 is refused, in the order of the profile, from then on', async () => {
    for (const code of [1, 2, 3]) {
      refused = { 16: code };
      sent = [];
      habits.writesSingly = false;
      await write(limit());
      assert.deepEqual(sent, ['16 10: 40 7 0 60 1', '6 10: 40', '6 12: 0', '6 13: 60', '6 14: 1']);
      sent = [];
      await write(limit());
      assert.deepEqual(sent, ['6 10: 40', '6 12: 0', '6 13: 60', '6 14: 1'], `after exception ${code}`);
    }
  });

  it('fail with the first refusal where single registers are refused as well', async () => {
    refused = { 16: 2, 6: 1 };
    await assert.rejects(write(limit()), /writing holding 10\.\.14: exception 2/);
    assert.equal(habits.writesSingly, false);
  });

  it('are not tried again after other failures', async () => {
    refused = { 16: 4 };
    await assert.rejects(write(limit()), /exception 4/);
    assert.deepEqual(sent, ['16 10: 40 7 0 60 1']);
  });

  it('never split a signed number, whose halves are another value', async () => {
    habits.writesSingly = true;
    await write(planTogether(1, [wanted('setpoint', [0xffff, 0xf448])]));
    assert.deepEqual(sent, ['16 20: 65535 62536']);
    habits.writesSingly = false;
    refused = { 16: 3 };
    await assert.rejects(write(planTogether(1, [wanted('setpoint', [0xffff, 0xf448])])), /exception 3/);
    assert.equal(sent.length, 2);
  });
});
