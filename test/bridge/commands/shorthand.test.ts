import assert from 'node:assert/strict';
import { type CommandShorthand, completeCommand } from '../../../src/bridge/commands/shorthand.ts';
import type { Actuator } from '../../../src/drivers/driver.ts';
import { isoTime } from '../../../src/model/time.ts';
import { batteryActuator } from '../../support/bridge/scripted-device.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

const clock = createVirtualClock();
const charger = (index: number): Actuator => ({
  ...batteryActuator,
  key: `ev_charger/${index}`,
  type: 'ev_charger',
  index,
  verbs: { pause: { kind: 'setpoint', params: {}, maxLeaseS: 3600 } },
});
const reserve: Actuator = {
  ...batteryActuator,
  key: 'battery#set_reserve_soc',
  verbs: { set_reserve_soc: { kind: 'config', params: {}, maxLeaseS: 0 } },
};

const complete = (short: Partial<CommandShorthand>, actuators = [batteryActuator, reserve, charger(1), charger(2)]) =>
  completeCommand({ command: 'charge', params: {}, requester: 'flow/b', ...short }, { device: 'b', actuators, clock });
const body = (short: Partial<CommandShorthand>): Record<string, unknown> => {
  const completed = complete(short);
  assert.ok(completed.ok, completed.ok ? '' : completed.reason);
  return completed.value.body;
};

describe('the shorthand of a command', () => {
  it('becomes a command in full, with the usual times and priority', () => {
    const completed = complete({ params: { power_w: 2000 }, id: 'x' });
    assert.deepEqual(completed, {
      ok: true,
      value: {
        topic: 'devices/b/battery/command/charge',
        body: {
          schema: 'command/1',
          id: 'x',
          ts: isoTime(clock.now()),
          params: { power_w: 2000 },
          ttl_s: 15,
          lease_s: 120,
          priority: 50,
          requester: 'flow/b',
        },
      },
    });
  });

  it('may say everything else', () => {
    const given = body({ priority: 70, ttlS: 5, leaseS: 30, onRange: 'clamp' });
    const { priority, ttl_s, lease_s, on_range } = given;
    assert.deepEqual([priority, ttl_s, lease_s, on_range], [70, 5, 30, 'clamp']);
  });

  it('has an id of its own each time', () => assert.notEqual(body({}).id, body({}).id));

  it('has no lease where nothing is held', () => {
    for (const command of ['release', 'set_reserve_soc'])
      assert.ok(!('lease_s' in body({ command, component: 'battery' })), command);
  });

  it('takes a payload that is no object for no parameters', () => {
    for (const params of [1, 'x', null, [1], Buffer.from('x'), undefined])
      assert.deepEqual(body({ params }).params, {});
  });

  it('wants to know which component is meant, where several could be', () => {
    const completed = complete({ command: 'pause' });
    assert.equal(completed.ok ? '' : completed.reason, 'pause fits ev_charger/1 and ev_charger/2: set msg.component');
    const chosen = complete({ command: 'pause', component: 'ev_charger/2' });
    assert.equal(chosen.ok && chosen.value.topic, 'devices/b/ev_charger/2/command/pause');
  });

  it('says that nobody knows the command', () => {
    for (const command of ['explode', 'constructor']) {
      const completed = complete({ command });
      assert.equal(completed.ok ? '' : completed.reason, `device b knows no command "${command}"`);
    }
  });
});
