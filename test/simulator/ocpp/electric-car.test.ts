import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ElectricCar } from '../../../src/simulator/ocpp/electric-car.ts';

const drive = (car: ElectricCar, seconds: number, amps: number, phases: 0 | 1 | 3): void => {
  for (let i = 0; i < seconds * 4; i++) car.step(0.25, amps, phases);
};

describe('a car in the simulated house', () => {
  it('follows what it is offered, after a moment', () => {
    const car = new ElectricCar({ delayS: 2, rampAPerS: 4 });
    drive(car, 1.75, 16, 3);
    assert.equal(car.currentA(), 0);
    drive(car, 2.25, 16, 3);
    assert.equal(car.currentA(), 8);
    drive(car, 10, 16, 3);
    assert.equal(car.currentA(), 16);
    drive(car, 3.25, 10, 3);
    assert.ok(car.currentA() < 16 && car.currentA() > 10, `${car.currentA()}`);
    drive(car, 10, 10, 3);
    assert.equal(car.currentA(), 10);
  });

  it('draws nothing below 6 A, nor more than its charger can', () => {
    const car = new ElectricCar({ maxA: 16 });
    drive(car, 20, 5.9, 3);
    assert.equal(car.currentA(), 0);
    drive(car, 20, 32, 3);
    assert.equal(car.currentA(), 16);
  });

  it('loses its current with the contactor, at once', () => {
    const car = new ElectricCar();
    drive(car, 20, 16, 3);
    car.step(0.25, 16, 0);
    assert.equal(car.currentA(), 0);
  });

  it('stores what one or three phases bring, and stops where its driver said', () => {
    const [one, three, full] = [
      new ElectricCar({ phases: 1, soc: 20, capacityWh: 10_000 }),
      new ElectricCar({ phases: 3, soc: 20, capacityWh: 10_000 }),
      new ElectricCar({ phases: 3, soc: 79.9, stopsAtSoc: 80, capacityWh: 10_000 }),
    ];
    for (const car of [one, three, full]) drive(car, 600, 10, 3);
    assert.ok(Math.abs((three.soc() - 20) / (one.soc() - 20) - 3) < 0.01);
    assert.equal(full.soc(), 80);
    assert.equal(full.currentA(), 0);
    assert.equal(full.wantsToCharge(), false);
  });

  it('never draws more than it is offered once it has settled (fast-check)', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 40, noNaN: true }), { maxLength: 20 }), (offers) => {
        const car = new ElectricCar({ maxA: 32 });
        for (const amps of offers) {
          drive(car, 15, amps, 3);
          assert.ok(car.currentA() <= (amps < 6 ? 0 : Math.min(amps, 32)) + 1e-9);
        }
      }),
    );
  });
});
