import assert from 'node:assert/strict';
import type { Setpoint } from '../../src/model/command.ts';
import { isEnded } from '../../src/model/command.ts';
import type { Event } from '../../src/model/event.ts';
import type { Meta } from '../../src/model/meta.ts';
import type { Reading } from '../../src/model/reading.ts';
import { type CommandFlow, startCommandFlow } from '../support/node-red/command-flow.ts';
import { until } from '../support/until.ts';

describe('what a device does after it was told', () => {
  let street: CommandFlow;

  before(async () => {
    street = await startCommandFlow();
  });
  after(() => street?.close());

  const last = <T>(topic: string): T | undefined => street.on<T>(topic).at(-1);
  const reached = (): boolean | undefined => {
    const setpoint = last<Setpoint>('devices/b/battery/setpoint/charge');
    return setpoint && !isEnded(setpoint) ? setpoint.reached : undefined;
  };

  it('is told by the setpoint and an event, where its registers only hold the order', async () => {
    street.device.insistOn(5000);
    await until(() => last<Reading>('devices/b/battery/power')?.value === 5000, 'it discharges');
    const { verified, by } = await street.outcome(await street.send('charge', { lease_s: 60 }));
    assert.deepEqual([verified, by], [true, 'register']);
    await until(() => reached() === false, 'it is not reached');
    const [event] = street.on<Event>('devices/b/battery/event/setpoint_not_reached');
    assert.deepEqual(event?.data, { command: 'charge', power_w: 1000 });
    assert.match(event?.message ?? '', /power is 5000 W instead of -1000 W/);
    street.device.insistOn(undefined);
    await until(() => reached() === true, 'it is reached');
    assert.equal(street.on('devices/b/battery/event/setpoint_not_reached').length, 1);
  });

  it('is expected as meta says', () => {
    const battery = last<Meta>('devices/b/meta')?.components.find(({ type }) => type === 'battery');
    const { latency_s, time_constant_s, verify_s, params } = battery?.commands?.charge ?? {};
    assert.deepEqual([latency_s, time_constant_s, verify_s], [0.3, 0.1, 1]);
    assert.deepEqual(Object.keys(params ?? {}), ['power_w', 'until_soc']);
  });

  const ids: [unknown, RegExp][] = [
    ['x'.repeat(65), /the id has 65 characters, 64 at the most/],
    ['', /the id of a command is empty/],
    [7, /the id of a command is a text, not 7/],
    [undefined, /a command without an id/],
  ];
  for (const [id, why] of ids)
    it(`says why nobody can be answered: ${why.source}`, async () => {
      await street.send('charge', { id });
      await until(
        () => street.on<Event>('devices/b/event/command_rejected').some(({ message }) => why.test(message ?? '')),
        'it is said',
      );
    });
});
