import assert from 'node:assert/strict';
import { openProfile, type ResolvedProfile } from '../../../src/drivers/modbus/index.ts';
import { House } from '../../../src/simulator/house/house.ts';
import { createBatteryInverter } from '../../../src/simulator/modbus/battery-inverter.ts';
import { createGridMeter } from '../../../src/simulator/modbus/grid-meter.ts';
import { createHybridInverter } from '../../../src/simulator/modbus/hybrid-inverter.ts';
import { SimulatedDevice } from '../../../src/simulator/modbus/simulated-device.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const profileOf = (id: string): ResolvedProfile => {
  const opened = openProfile({ id });
  assert.ok(opened.ok);
  return opened.value;
};

/** A house in which the sun shines and both batteries work. */
const atWork = (): House => {
  const house = new House({ seed: 1, startHour: 12 });
  house.step(60);
  return house;
};

describe('the simulated Modbus devices', () => {
  it('have a register for everything that they measure and obey', () => {
    const house = atWork();
    const devices = [
      createGridMeter(profileOf('eastron-sdm630')),
      createHybridInverter(profileOf('sungrow-sh-rt')),
      createBatteryInverter(profileOf('sma-sunny-boy-storage'), createVirtualClock(), 60),
    ];
    for (const device of devices) {
      device.update(house.state());
      device.react(house.controls);
    }
  });

  it('refuse a name that their profile does not have', () => {
    const device = new SimulatedDevice(profileOf('eastron-sdm630'), { unit: 1, measure: () => ({ powr: 1 }) });
    assert.throws(() => device.update(atWork().state()), {
      message: 'the simulated eastron-sdm630 has no point "powr" in its profile',
    });
  });
});
