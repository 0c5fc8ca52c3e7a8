import assert from 'node:assert/strict';
import { localBrokerForm } from '../../../src/editor/forms/ems-local-broker.ts';
import { defaultLimits } from '../../../src/mqtt/embedded-broker/embedded-broker.ts';

describe('the form of the local broker', () => {
  it('shows the limits that hold where nothing else is said', () => {
    const shown = (field: string): number[] => {
      const { value, placeholder } = localBrokerForm.fields[field] ?? {};
      return [Number(value), Number(placeholder)];
    };
    const units: [field: string, limit: keyof typeof defaultLimits, unit: number][] = [
      ['connections', 'connections', 1],
      ['connectionsPerAddress', 'connectionsPerAddress', 1],
      ['connectTime', 'connectS', 1],
      ['loginFailures', 'loginFailures', 1],
      ['packetSize', 'packetBytes', 1024],
      ['outgoingSize', 'outgoingBytes', 1024 * 1024],
      ['readTime', 'readS', 1],
      ['subscriptions', 'subscriptions', 1],
      ['sessions', 'sessions', 1],
      ['sessionExpiry', 'sessionExpiryS', 3600],
      ['queuedMessages', 'queuedMessages', 1],
      ['queuedSize', 'queuedBytes', 1024 * 1024],
      ['queuedTotal', 'queuedBytesTotal', 1024 * 1024],
      ['retainedMessages', 'retainedMessages', 1],
      ['retainedSize', 'retainedBytes', 1024 * 1024],
    ];
    assert.equal(units.length, Object.keys(defaultLimits).length);
    for (const [field, limit, unit] of units)
      assert.deepEqual(shown(field), [defaultLimits[limit] / unit, defaultLimits[limit] / unit], field);
  });
});
