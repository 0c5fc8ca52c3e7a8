import assert from 'node:assert/strict';
import { isIPv4 } from 'node:net';
import fc from 'fast-check';
import { mostScannedAddresses, readScanTarget } from '../../../../src/drivers/modbus/transport/address-range.ts';

const hostsOf = (typed: string): string[] => {
  const read = readScanTarget(typed);
  assert.ok(read.ok, typed);
  return read.value.hosts;
};
const refusalOf = (typed: string): string | undefined => {
  const read = readScanTarget(typed);
  return read.ok ? undefined : read.refusal;
};

describe('addresses to be scanned', () => {
  it('are one host, with a port or without', () => {
    const one = (typed: string) => {
      const read = readScanTarget(typed);
      return read.ok ? [...read.value.hosts, read.value.port, read.value.isRange] : read.refusal;
    };
    assert.deepEqual(one(' 192.168.1.50 '), ['192.168.1.50', undefined, false]);
    assert.deepEqual(one('inverter.local:1502'), ['inverter.local', 1502, false]);
    assert.deepEqual(one('[fd00::5]:502'), ['fd00::5', 502, false]);
    assert.deepEqual(one('fd00::5'), ['fd00::5', undefined, false]);
    assert.deepEqual(one('8.8.8.8'), ['8.8.8.8', undefined, false]);
    assert.deepEqual(one('192.168.1.7/32'), ['192.168.1.7', undefined, false]);
  });

  it('are the hosts of a range, without the address of the network and the one that speaks to all', () => {
    const hosts = hostsOf('192.168.1.77/24');
    assert.deepEqual([hosts.length, hosts[0], hosts.at(-1)], [254, '192.168.1.1', '192.168.1.254']);
    assert.deepEqual(hostsOf('10.0.0.9/30'), ['10.0.0.9', '10.0.0.10']);
    assert.deepEqual(hostsOf('10.0.0.8/31'), ['10.0.0.8', '10.0.0.9']);
    assert.deepEqual(readScanTarget('127.0.0.0/30:1502'), {
      ok: true,
      value: { hosts: ['127.0.0.1', '127.0.0.2'], port: 1502, isRange: true },
    });
  });

  it('are refused with what is wrong', () => {
    const wrong = {
      address: ['', '   ', 'a b', '192.168.1', '192.168.1.256', '300.1.1.1/24', '[::1', 'http://x', '1.2.3.4/x', '-x'],
      size: ['10.0.0.0/23', '192.168.0.0/16', '10.0.0.0/0', '10.0.0.0/33'],
      network: ['8.8.8.0/24', '172.32.0.0/24', '0.0.0.0/24', '224.0.0.0/24'],
      port: ['192.168.1.5:0', '192.168.1.5:65536', '192.168.1.0/24:99999'],
    };
    for (const [refusal, all] of Object.entries(wrong))
      for (const typed of all) assert.equal(refusalOf(typed), refusal, typed);
  });

  it('are of the network that was typed, and never more than a /24', () => {
    const byte = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.tuple(byte, byte, byte, byte), fc.integer({ min: 0, max: 40 }), (bytes, prefix) => {
        const read = readScanTarget(`${bytes.join('.')}/${prefix}`);
        if (!read.ok) return;
        const { hosts } = read.value;
        assert.ok(hosts.length <= mostScannedAddresses && new Set(hosts).size === hosts.length);
        const first = bytes.slice(0, 3).join('.');
        for (const host of hosts) assert.ok(isIPv4(host) && host.startsWith(`${first}.`), host);
      }),
    );
  });

  it('are read of any text', () => {
    fc.assert(fc.property(fc.string(), (typed) => void readScanTarget(typed)));
  });
});
