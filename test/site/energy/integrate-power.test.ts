import assert from 'node:assert/strict';
import { integrate } from '../../../src/site/energy/integrate-power.ts';

const hour = 3_600_000;
const read = { isHeld: false, gapMs: 2 * hour };

describe('energy between two samples of power', () => {
  it('is split at the zero of the line between them, whichever way the power turns', () => {
    for (const [from, to, positiveWh, negativeWh] of [
      [300, -100, 225, 25],
      [-300, 100, 25, 225],
      [0, -100, 0, 100],
      [100, 300, 400, 0],
      [0, 0, 0, 0],
      [1, -3, 0.25, 2.25],
    ] as const)
      assert.deepEqual(
        integrate({ w: from, at: 0 }, { w: to, at: 2 * hour }, read),
        { positiveWh, negativeWh, coveredMs: 2 * hour, uncoveredMs: 0 },
        `${from} W to ${to} W`,
      );
  });

  it('is unknown across a gap, or that of the held value until the value is too old', () => {
    const [from, to] = [
      { w: -100, at: 0 },
      { w: 300, at: 3 * hour },
    ];
    const [unknown, held] = [read, { ...read, isHeld: true }].map((rules) => integrate(from, to, rules));
    assert.deepEqual(unknown, { positiveWh: 0, negativeWh: 0, coveredMs: 0, uncoveredMs: 3 * hour });
    assert.deepEqual(held, { positiveWh: 0, negativeWh: 200, coveredMs: 2 * hour, uncoveredMs: hour });
  });
});
