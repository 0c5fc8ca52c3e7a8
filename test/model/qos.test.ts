import assert from 'node:assert/strict';
import { deliveryOf } from '../../src/model/qos.ts';
import { parseTopic } from '../../src/model/topic.ts';

describe('delivery by topic', () => {
  const table: [topic: string, isBilling: boolean, cls: string, qos: number, retain: boolean][] = [
    ['devices/101/battery/power', false, 'telemetry', 0, false],
    ['devices/110/meter/current/l2', false, 'telemetry', 0, false],
    ['devices/101/battery/soc', false, 'status', 1, true],
    ['devices/102/ev_charger/1/status', false, 'status', 1, true],
    ['devices/110/meter/energy_import', false, 'status', 1, true],
    ['devices/110/meter/energy_import', true, 'billing', 2, true],
    ['devices/102/ev_charger/1/command/set_current_limit', false, 'command', 1, false],
    ['devices/102/ev_charger/1/response/set_current_limit', false, 'response', 1, false],
    ['devices/102/ev_charger/1/setpoint/set_current_limit', false, 'status', 1, true],
    ['devices/102/ev_charger/1/event/session_started', false, 'event', 1, false],
    ['devices/102/ev_charger/1/event/session_ended', false, 'billing', 2, false],
    ['devices/102/ev_charger/1/event/session_corrected', false, 'billing', 2, false],
    ['devices/102/ev_charger/event/session_end_unknown', false, 'billing', 2, false],
    ['devices/102/ev_charger/1/event/signed_value', false, 'billing', 2, false],
    ['devices/102/availability', false, 'status', 1, true],
    ['devices/102/meta', false, 'status', 1, true],
    ['sites/3/power', false, 'telemetry', 0, false],
    ['sites/3/energy', false, 'billing', 2, true],
    ['sites/3/interval/15m', false, 'billing', 2, false],
    ['sites/3/limit/consumption', false, 'status', 1, true],
    ['system/heartbeat/server1', false, 'status', 1, false],
    ['system/status/server1', false, 'status', 1, true],
    ['system/event/server1/component_lost', false, 'event', 1, false],
  ];
  for (const [text, isBilling, cls, qos, retain] of table)
    it(`${text}${isBilling ? ' that is billed' : ''}: ${cls}, QoS ${qos}${retain ? ', retained' : ''}`, () => {
      const topic = parseTopic(text);
      assert.ok(topic.ok);
      const delivery = deliveryOf(topic.value, isBilling);
      assert.deepEqual([delivery.class, delivery.qos, delivery.retain], [cls, qos, retain]);
    });

  it('never retains a command, however it is marked', () => {
    for (const text of ['devices/1/battery/command/charge', 'sites/1/command/release', 'system/command/a/republish']) {
      const topic = parseTopic(text);
      assert.ok(topic.ok);
      for (const isBilling of [false, true]) assert.equal(deliveryOf(topic.value, isBilling).retain, false);
    }
  });
});
