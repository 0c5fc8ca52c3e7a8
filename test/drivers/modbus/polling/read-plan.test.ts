import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planReads, splitBlock } from '../../../../src/drivers/modbus/polling/read-plan.ts';
import type { Profile } from '../../../../src/drivers/modbus/profiles/profile-schema.ts';
import { resolvedPoints } from '../../../support/modbus/test-profiles.ts';

const profileOf = (spans: [addr: number, len: number][], limits: Profile['limits'] = {}) =>
  resolvedPoints(
    spans.map(([addr, len], i) => ({ name: `p${i}`, quantity: `meter/x_${i}`, addr, type: 'string', len })),
    { limits },
  );

const spans = fc
  .array(fc.tuple(fc.nat({ max: 40 }), fc.integer({ min: 1, max: 6 })), { minLength: 1, maxLength: 40 })
  .map((pairs) => {
    let at = 0;
    return pairs.map(([gap, len]): [number, number] => {
      const addr = at + gap;
      at = addr + len;
      return [addr, len];
    });
  });

describe('read planner', () => {
  it('reads every point whole, within the limits, over no forbidden hole (fast-check)', () => {
    fc.assert(
      fc.property(
        spans,
        fc.integer({ min: 6, max: 125 }),
        fc.nat({ max: 20 }),
        fc.nat({ max: 500 }),
        (given, maxRegs, maxGap, hole) => {
          const isFree = given.every(([addr, len]) => hole + 3 < addr || hole >= addr + len);
          const forbidden: [number, number][] = isFree ? [[hole, hole + 3]] : [];
          const { points, profile } = profileOf(given, { maxRegs, maxGap, forbidden });
          const blocks = planReads(points, profile);
          const planned = blocks.flatMap((block) => block.points);
          assert.equal(planned.length, points.length);
          assert.equal(new Set(planned).size, points.length);
          for (const { address, count, points: inside } of blocks) {
            assert.ok(count <= maxRegs);
            const used = new Set(inside.flatMap(({ words }) => words));
            assert.ok(Math.min(...used) === address && Math.max(...used) === address + count - 1);
            let gap = 0;
            for (let word = address; word < address + count; word++) {
              gap = used.has(word) ? 0 : gap + 1;
              assert.ok(gap <= maxGap);
              if (isFree) assert.ok(word < hole || word > hole + 3);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('asks as seldom as it may', () => {
    const { points, profile } = profileOf(
      [
        [0, 2],
        [2, 2],
        [10, 2],
        [200, 2],
      ],
      { maxGap: 16 },
    );
    const asked = planReads(points, profile).map(({ address, count }) => [address, count]);
    assert.deepEqual(asked, [
      [0, 12],
      [200, 2],
    ]);
  });

  it('reads each value alone where the device wants it', () => {
    const { points, profile } = profileOf(
      [
        [0, 2],
        [2, 2],
        [4, 2],
      ],
      { perPoint: true },
    );
    assert.equal(planReads(points, profile).length, 3);
  });

  it('takes a refused request apart until each point stands alone', () => {
    const { points, profile } = profileOf([
      [0, 2],
      [2, 2],
      [4, 2],
    ]);
    const [block] = planReads(points, profile);
    assert.ok(block);
    const parts = splitBlock(block).flatMap(splitBlock);
    assert.deepEqual(
      parts.map(({ address, count }) => [address, count]),
      [
        [0, 2],
        [2, 2],
        [4, 2],
      ],
    );
  });
});
