import assert from 'node:assert/strict';
import { checkField, editorNode } from '../../support/editor/editor-node.ts';

describe('the form of a broker', () => {
  const node = editorNode('ems-broker');

  it('takes the addresses that the link takes', () => {
    for (const server of ['mqtts://broker.example:8883', 'broker', 'ws://[fd00::1]:9001/mqtt', '\u0024{BROKER}'])
      assert.equal(checkField(node, 'servers', [server]), true, server);
    for (const server of ['http://broker', 'mqtt://broker:0', 'mqtt://broker:70000', 'a b'])
      assert.match(String(checkField(node, 'servers', ['mqtt://a', server])), /no broker address|is not/, server);
    for (const none of [[], undefined, '']) assert.notEqual(checkField(node, 'servers', none), true);
  });

  it('takes no server without TLS after one with it, unless that is allowed', () => {
    const mixed = ['mqtts://a', '\u0024{B}', 'ws://b:80'];
    assert.match(String(checkField(node, 'servers', mixed)), /"ws:\/\/b:80"/);
    assert.equal(checkField({ ...node, plainFallback: true }, 'servers', mixed), true);
    assert.equal(checkField(node, 'servers', ['mqtt://a', 'wss://b']), true);
  });

  it('takes prefixes that every topic may begin with', () => {
    for (const right of ['', 'ems', 'acme/v1/']) assert.equal(checkField(node, 'prefix', right), true, right);
    for (const wrong of ['a//b', '/a', 'a/+', '$SYS', 'a/$b', 'x'.repeat(129)])
      assert.notEqual(checkField(node, 'prefix', wrong), true, wrong);
  });

  it('is named after its first server', () => {
    assert.equal(node._def.label.call(node), 'mqtt://127.0.0.1:1883');
    assert.equal(node._def.label.call({ ...node, servers: [] }), 'broker');
  });
});
