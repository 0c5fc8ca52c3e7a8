import assert from 'node:assert/strict';
import type { DeviceState } from '../../../../src/drivers/driver.ts';
import { DeviceHealth, type PollFinding } from '../../../../src/drivers/modbus/device/device-health.ts';
import { createModbusDriver } from '../../../../src/drivers/modbus/driver.ts';
import { timeoutFailure } from '../../../../src/drivers/modbus/failures.ts';
import { createBus } from '../../../../src/drivers/modbus/transport/bus/link-bus.ts';
import { sinkOf } from '../../../support/driver-sink.ts';
import { createScriptedLink } from '../../../support/modbus/scripted-link.ts';
import { resolvedPoints } from '../../../support/modbus/test-profiles.ts';
import { createVirtualClock } from '../../../support/virtual-clock.ts';

const good: PollFinding = { kind: 'good' };
const partly = (reason: string, isLasting = false): PollFinding => ({ kind: 'partly', reason, isLasting });
const silent = (isGone = false): PollFinding => ({ kind: 'silent', reason: 'nothing', retryMs: 1000, isGone });

describe('the state of a device', () => {
  /** @returns the kind after each finding */
  const kindsAfter = (...findings: PollFinding[]): string[] => {
    const health = new DeviceHealth();
    return findings.map((finding) => health.update(finding).kind);
  };

  it('is offline at once where it has never answered, and while it does not', () => {
    assert.deepEqual(kindsAfter(silent(), silent(), partly('a'), silent(), silent(), silent()), [
      'offline',
      'offline',
      'degraded',
      'degraded',
      'offline',
      'offline',
    ]);
  });

  it('outlasts one poll that fails, and not two', () => {
    assert.deepEqual(kindsAfter(good, silent(), good, good, partly('a'), good), new Array(6).fill('online'));
    assert.deepEqual(kindsAfter(good, silent(), silent()), ['online', 'online', 'offline']);
    assert.deepEqual(kindsAfter(good, partly('a'), partly('a')), ['online', 'online', 'degraded']);
    assert.deepEqual(kindsAfter(good, silent(true)), ['online', 'offline'], 'its connection is gone');
  });

  it('is good again after some good polls where it answered badly, and at once where it was away', () => {
    const bad = new Array<PollFinding>(9).fill(partly('a'));
    const kinds = kindsAfter(good, ...bad, ...new Array<PollFinding>(6).fill(good));
    assert.deepEqual(kinds.slice(-6), [...new Array(5).fill('degraded'), 'online']);
    assert.deepEqual(kindsAfter(silent(), good), ['offline', 'online']);
  });

  it('tells what the device lacks at once, since that is no passing trouble', () => {
    assert.deepEqual(kindsAfter(good, partly('refuses p', true)), ['online', 'degraded']);
  });

  it('does not change its reason with every poll where now this fails and now that', () => {
    const health = new DeviceHealth();
    const reasons = ['a', 'a', 'b', 'a', 'b', 'c', 'b', 'b'].map((reason) => {
      const state = health.update(partly(reason));
      return 'reason' in state ? state.reason : '';
    });
    assert.deepEqual(reasons, ['a', 'a', 'a', 'a', 'a', 'a', 'a', 'b']);
  });

  it('is offline after one poll without an answer where the next one is far away', async () => {
    const clock = createVirtualClock();
    let isDead = false;
    const link = createScriptedLink(async (request, timeoutMs) => {
      if (!isDead) return Buffer.alloc(2);
      throw timeoutFailure(request, timeoutMs);
    });
    const points = [{ name: 'power', quantity: 'meter/power', addr: 1, type: 'uint16', unit: 'W' }];
    const resolved = resolvedPoints(points);
    const bus = createBus(link, clock);
    const intervalMs = 900_000;
    const driver = createModbusDriver({ resolved, bus, unit: 1, intervalMs, name: 'm' }, clock);
    let state: DeviceState | undefined;
    driver.start(
      sinkOf({
        state(next) {
          state = next;
        },
      }),
    );
    await clock.advanceAsync(1000);
    assert.equal(state?.kind, 'online');
    isDead = true;
    await clock.advanceAsync(intervalMs + 10_000);
    assert.equal(state?.kind, 'offline');
    await driver.close();
    await bus.close();
  });
});
