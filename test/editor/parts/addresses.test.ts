import assert from 'node:assert/strict';
import { reachableHosts } from '../../../src/editor/parts/listen-address.ts';
import { identityInUrl, stationUrls } from '../../../src/editor/parts/station-urls.ts';
import { editorNode } from '../../support/editor/editor-node.ts';

const machine = [
  { address: '192.168.1.10', name: 'eth0', isIpv6: false },
  { address: 'fd00::1', name: 'eth0', isIpv6: true },
];

describe('where a server is reached', () => {
  it('is the address it listens on, in brackets where it needs them', () => {
    assert.deepEqual(reachableHosts('10.0.0.1', machine, 'gateway'), ['10.0.0.1']);
    assert.deepEqual(reachableHosts('fd00::5', machine, 'gateway'), ['[fd00::5]']);
    assert.deepEqual(reachableHosts('[fd00::5]', machine, 'gateway'), ['[fd00::5]']);
  });

  it('is every address of the machine, after the one in the address bar', () => {
    assert.deepEqual(reachableHosts('0.0.0.0', machine, 'gateway'), ['gateway', '192.168.1.10']);
    assert.deepEqual(reachableHosts('', machine, '192.168.1.10'), ['192.168.1.10', '[fd00::1]']);
    assert.deepEqual(reachableHosts('::', machine, 'localhost'), ['192.168.1.10', '[fd00::1]']);
    assert.deepEqual(reachableHosts('0.0.0.0', [], '127.0.0.1'), ['127.0.0.1']);
  });

  it('is one URL for each address and port, without those that a security profile rules out', () => {
    const options = { identity: 'CP%207', isTlsNeeded: false, machine: machine.slice(0, 1), page: 'localhost' };
    const ports = { host: '0.0.0.0', port: '8887', tlsPort: '8443' };
    const [plain, secured] = ['ws://192.168.1.10:8887/CP%207', 'wss://192.168.1.10:8443/CP%207'];
    assert.deepEqual(stationUrls(ports, options), [plain, secured]);
    assert.deepEqual(stationUrls(ports, { ...options, isTlsNeeded: true }), [secured]);
    assert.deepEqual(stationUrls({ ...ports, tlsPort: '' }, options), [plain]);
    assert.deepEqual(stationUrls({ ...ports, port: '', tlsPort: '' }, options), []);
  });

  it('ends with the identity, or with the word for it', () => {
    const node = editorNode('ems-ocpp');
    assert.equal(identityInUrl(node, 'CP NORTH'), 'CP%20NORTH');
    assert.equal(identityInUrl(node, ''), '<identity>');
  });
});
