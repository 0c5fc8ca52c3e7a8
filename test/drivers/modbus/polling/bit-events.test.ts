import assert from 'node:assert/strict';
import { inspectProfile } from '../../../../src/drivers/modbus/index.ts';
import { type PolledDevice, pollDevice } from '../../../support/modbus/polled-device.ts';
import { until } from '../../../support/until.ts';

const profile = (field: object = {}) => ({
  schema: 'profile/1',
  id: 'alarming',
  title: 'Alarming',
  class: 'inverter',
  points: [
    { name: 'power', quantity: 'inverter/power', addr: 0, type: 'uint16', unit: 'W' },
    {
      name: 'alarms',
      addr: 1,
      type: 'uint32',
      nan: ['0xffffffff'],
      nanBits: '0x80000000',
      events: {
        component: 'inverter/2',
        bits: {
          0: { name: 'ground_fault', severity: 'alarm' },
          30: { name: 'fan_worn', severity: 'warning' },
          4: { name: 'restarted', severity: 'info' },
        },
        ...field,
      },
    },
  ],
});

let device: PolledDevice;
const told = () =>
  device.events
    .splice(0)
    .map(({ name, severity, state, code }) => [name, severity, state, code].filter((each) => each).join(' '));

describe('bits that are events', () => {
  afterEach(() => device.close());

  it('are told when they are set and when they are cleared, each once', async () => {
    device = await pollDevice(profile(), { 0: '0001 4000 0001' });
    await device.cycles(3);
    assert.deepEqual(device.events[0]?.component, { type: 'inverter', index: 2 });
    assert.deepEqual(told(), ['ground_fault alarm active alarms.0', 'fan_worn warning active alarms.30']);
    device.put({ 1: '4000 0010' });
    await device.cycles(3);
    assert.deepEqual(told(), ['ground_fault alarm cleared alarms.0', 'restarted info alarms.4']);
    device.put({ 1: '0000 0000' });
    await device.cycles(3);
    assert.deepEqual(told(), ['fan_worn warning cleared alarms.30']);
  });

  it('without a name are told by their number, if the profile wants that', async () => {
    device = await pollDevice(profile({ others: { name: 'vendor_event', severity: 'warning' } }), {
      0: '0001 0000 0022',
    });
    await device.cycles(2);
    assert.deepEqual(told(), ['vendor_event warning active alarms.1', 'vendor_event warning active alarms.5']);
  });

  it('stay as they are while the field is not implemented or cannot be read', async () => {
    device = await pollDevice(profile(), { 0: '0001 0000 0001' });
    await device.cycles(2);
    told();
    device.put({ 1: 'ffff ffff' });
    await device.cycles(2);
    device.put({ 1: '8000 0000' });
    await device.cycles(2);
    await device.fault({ kind: 'exception' });
    await device.cycles(2);
    assert.deepEqual(told(), []);
    device.put({ 1: '0000 0000' });
    await device.fault({ kind: 'none' });
    await until(() => device.events.length > 0, 'the end of the fault');
    assert.deepEqual(told(), ['ground_fault alarm cleared alarms.0']);
  });

  it('stay as they are while the registers mean something else', async () => {
    const { points } = profile();
    const guard = { name: 'guard', addr: 3, type: 'uint16' };
    device = await pollDevice(
      { ...profile(), points: [...points, guard], guards: [{ point: 'guard', is: [7] }] },
      { 0: '0001 0000 0001 0007' },
    );
    await device.cycles(2);
    told();
    device.put({ 0: '0001 0000 0000 0008' });
    await device.cycles(3);
    assert.deepEqual(told(), []);
  });

  it('that the register does not have are a mistake, as are those of a text', () => {
    const point = { name: 'a', addr: 0, type: 'uint16', events: { component: 'inverter', bits: { 16: {} } } };
    const event = { name: 'a', severity: 'alarm' };
    const inspect = (given: object) =>
      inspectProfile(JSON.stringify({ ...profile(), points: [profile().points[0], given] })).mistakes.join();
    assert.match(
      inspect({ ...point, events: { component: 'inverter', bits: { 16: event } }, addr: 5 }),
      /bit 16 lies beyond the 16 bits of uint16/,
    );
    assert.match(
      inspect({ ...point, events: { component: 'inverter', bits: { 0: event } }, format: 'hex', addr: 5 }),
      /events are the bits of a number, and hex is a text/,
    );
  });
});
