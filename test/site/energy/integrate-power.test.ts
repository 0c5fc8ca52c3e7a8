import assert from 'node:assert/strict';
import { integrate } from '../../../src/site/energy/integrate-power.ts';

const hour = 3_600_000;
const read = { isHeld: false, gapMs: hour };

describe('energy between two samples of power', () => {
  it('is split at the zero of the line between them, whichever way the power turns', () => {
    for (const [from, to, positiveWh, negativeWh] of [
      [300, -100, 112.5, 12.5],
      [-300, 100, 12.5, 112.5],
      [0, -100, 0, 50],
      [100, 300, 200, 0],
    ] as const)
      assert.deepEqual(
        integrate({ w: from, at: 0 }, { w: to, at: hour }, read),
        { positiveWh, negativeWh, coveredMs: hour, uncoveredMs: 0 },
        `${from} W to ${to} W`,
      );
  });

  it('is unknown across a gap, or that of the held value until the value is too old', () => {
    const [from, to] = [
      { w: -100, at: 0 },
      { w: 300, at: 2 * hour },
    ];
    const [unknown, held] = [read, { ...read, isHeld: true }].map((rules) => integrate(from, to, rules));
    assert.deepEqual(unknown, { positiveWh: 0, negativeWh: 0, coveredMs: 0, uncoveredMs: 2 * hour });
    assert.deepEqual(held, { positiveWh: 0, negativeWh: 100, coveredMs: hour, uncoveredMs: hour });
  });
});
