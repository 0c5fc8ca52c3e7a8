import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { LinkNotice } from '../../../../../src/drivers/modbus/transport/modbus-link.ts';
import { rtuFraming } from '../../../../../src/drivers/modbus/transport/serial/rtu.ts';
import { SerialLine } from '../../../../../src/drivers/modbus/transport/serial/serial-line.ts';
import {
  believed,
  createSurplusDevice,
  type LineOutcome,
  type LineRun,
  lateFaults,
  readAtRandom,
  soonFaults,
} from '../../../../support/modbus/surplus-device.ts';
import { createVirtualClock } from '../../../../support/virtual-clock.ts';

/** The line alone, in virtual time. */
const runLine = (run: LineRun): Promise<LineOutcome> => {
  const clock = createVirtualClock();
  const listeners: ((notice: LinkNotice) => void)[] = [];
  const device = createSurplusDevice(run, clock, (bytes) => line.receive(bytes));
  const line = new SerialLine(
    {
      framing: rtuFraming,
      silentMs: run.silentMs,
      write: device.answer,
      notify(notice) {
        for (const listener of listeners) listener(notice);
      },
    },
    clock,
  );
  return readAtRandom(run, {
    async read(request, timeoutMs) {
      const reading = line.exchange(request, timeoutMs);
      let isOver = false;
      reading
        .catch(() => {})
        .finally(() => {
          isOver = true;
        });
      while (!isOver) await clock.advanceAsync(20);
      return reading;
    },
    onNotice: (listener) => listeners.push(listener),
    wait: (ms) => clock.advanceAsync(ms),
    told: device.told,
  });
};

const runs = fc.record({
  seed: fc.integer(),
  /** Where values stay as they are, the copy of an answer equals the answer after it. */
  isChanging: fc.boolean(),
  share: fc.double({ min: 0.05, max: 0.9, noNaN: true }),
  silentMs: fc.constantFrom(50, 100),
  timeoutMs: fc.constant(1000),
  exchanges: fc.constant(60),
  idleShare: fc.constant(0.5),
});

describe('a line without ids', () => {
  it('tells no foreign value where surplus comes within the silent interval', async () => {
    await fc.assert(
      fc.asyncProperty(runs, fc.subarray([...soonFaults], { minLength: 1 }), async (run, faults) => {
        const { wrong, told } = await runLine({ ...run, faults });
        assert.deepEqual(wrong, []);
        assert.ok(told > 0, 'nothing was told at all');
      }),
      { numRuns: 60 },
    );
  });

  it('takes back what surplus that came later has spoilt, at most one reading for each', async () => {
    await fc.assert(
      fc.asyncProperty(runs, fc.subarray([...soonFaults]), fc.constantFrom(...lateFaults), async (run, soon, late) => {
        const outcome = await runLine({ ...run, faults: [...soon, late] });
        assert.deepEqual(believed(outcome), []);
        const { wrong, withdrawn, surplus } = outcome;
        assert.ok(wrong.length <= surplus, `${wrong.length} wrong readings of ${surplus} surplus frames`);
        assert.ok(withdrawn.size <= surplus, `${withdrawn.size} readings withdrawn of ${surplus} surplus frames`);
      }),
      { numRuns: 150 },
    );
  });
});
