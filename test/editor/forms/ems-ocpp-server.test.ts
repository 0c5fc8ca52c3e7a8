import assert from 'node:assert/strict';
import { certificateText } from '../../../src/editor/forms/ems-ocpp-server.ts';
import { checkField, editorNode } from '../../support/editor/editor-node.ts';

describe('the form of the OCPP server', () => {
  it('needs a port, and one for each scheme', () => {
    const node = editorNode('ems-ocpp-server');
    assert.equal(checkField(node, 'port', '8887'), true);
    assert.match(String(checkField({ ...node, port: '' }, 'port', '')), /at least one of the two ports/);
    assert.equal(checkField({ ...node, port: '', tlsPort: 8443 }, 'port', ''), true);
    assert.match(String(checkField(node, 'port', '70000')), /from 1 to 65535/);
    assert.match(String(checkField(node, 'tlsPort', '8443')), /needs a TLS configuration/);
    assert.equal(checkField({ ...node, tls: 'tls' }, 'tlsPort', '8443'), true);
    assert.match(String(checkField({ ...node, tls: 'tls' }, 'tlsPort', '8887')), /need a port each/);
  });

  it('takes proxies by their addresses and networks, and a header by its name', () => {
    const node = editorNode('ems-ocpp-server');
    assert.equal(checkField(node, 'proxies', '10.0.0.0/8, fd00::1, 192.168.1.2'), true);
    assert.match(String(checkField(node, 'proxies', '10.0.0.1, proxy')), /"proxy" is no address/);
    assert.equal(checkField(node, 'certificateHeader', 'X-SSL-Client-S-DN'), true);
    assert.match(String(checkField(node, 'certificateHeader', 'X SSL')), /letters, digits and hyphens/);
  });

  it('warns of a certificate that ends, or that is not taken', () => {
    const node = editorNode('ems-ocpp-server');
    const certificate = { subject: 'gateway', expiresAt: Date.UTC(2027, 0, 31) };
    const told = [31, 30, -1].map((daysLeft) => certificateText(node, { ...certificate, daysLeft }));
    assert.deepEqual(
      told.map(({ isWarning }) => isWarning),
      [false, true, true],
    );
    assert.match(told[1]?.sentences ?? '', /gateway.*30/);
    const kept = certificateText(node, { ...certificate, daysLeft: 300, fault: { code: 'no_pair' } });
    assert.ok(kept.isWarning);
    assert.match(kept.sentences, /do not belong together/);
  });
});
