import assert from 'node:assert/strict';
import { passwordLength } from '../../../src/drivers/ocpp/codec/limits.ts';
import { generatePassword, securityWarnings } from '../../../src/editor/forms/ems-ocpp.ts';
import { checkField, editorNode, withEditorNodes } from '../../support/editor/editor-node.ts';

describe('the form of a charge point', () => {
  it('takes identities that a URL can carry, each for one node of a server', () => {
    const north = editorNode('ems-ocpp', { server: 'garage', identity: 'CP NORTH' });
    const south = editorNode('ems-ocpp', { server: 'garage' });
    const other = editorNode('ems-ocpp', { server: 'yard' });
    withEditorNodes([north, south, other]);
    for (const right of ['', 'CP:1', 'x'.repeat(48), '\u0024{CP}'])
      assert.equal(checkField(south, 'identity', right), true, right);
    for (const wrong of ['a/b', 'a#b', 'a?b', 'a\u0007', 'a\u200b', 'x'.repeat(49)])
      assert.match(String(checkField(south, 'identity', wrong)), /at most 48 characters/, wrong);
    assert.match(String(checkField(south, 'identity', 'CP NORTH')), /another node is for the station/);
    assert.equal(checkField(north, 'identity', 'CP NORTH'), true);
    assert.equal(checkField(other, 'identity', 'CP NORTH'), true);
    withEditorNodes([{ ...north, d: true }, south]);
    assert.equal(checkField(south, 'identity', 'CP NORTH'), true, 'a node that is switched off needs no station');
  });

  it('takes cards as the node takes them', () => {
    const node = editorNode('ems-ocpp', { authorise: 'list' });
    for (const right of ['', '04A2', '04A2; 2027-12-31; blocked\n\n 04B3 ', '04A2;blocked;', '\u0024{TAGS}'])
      assert.equal(checkField(node, 'tags', right), true, right);
    for (const wrong of ['; blocked', ';2027-12-31', '04A2; someday', '04A2; 2027-12-31; 2028-12-31', 'x'.repeat(37)])
      assert.match(String(checkField(node, 'tags', `04A1\n${wrong}`)), /is no card like/, wrong);
    assert.equal(checkField(editorNode('ems-ocpp'), 'tags', '; blocked'), true, 'nobody looks at the list');
  });

  it('says what the chosen server lacks for a security profile', () => {
    const server = (fields: object): ReturnType<typeof editorNode> => editorNode('ems-ocpp-server', { ...fields });
    const plain = server({});
    const secured = server({ tlsPort: 8443 });
    const asking = server({ tlsPort: 8443, clientCertificates: true });
    assert.deepEqual(
      [plain, secured, asking, null].map((each) => ['0', '1', '2', '3'].map((s) => securityWarnings(s, each).join())),
      [
        ['', 'plain', 'noTls', 'noTls'],
        ['', 'plain', '', 'noCertificates'],
        ['', 'plain', '', ''],
        ['', 'plain', '', ''],
      ],
    );
  });

  it('generates passwords of 16 random bytes', () => {
    assert.match(generatePassword(), /^[0-9a-f]{32}$/);
    assert.notEqual(generatePassword(), generatePassword());
    assert.equal(passwordLength(generatePassword()), 16);
  });

  it('does not ask for a password while its form is closed: nothing else in the browser knows it', () => {
    assert.equal(checkField(editorNode('ems-ocpp', { security: '2' }), 'password', ''), true);
  });
});
