import assert from 'node:assert/strict';
import { idPattern } from '../../src/model/topic.ts';
import { gatewayName } from '../../src/shell/gateway.ts';

describe('the name of this gateway', () => {
  const before = process.env.EMS_GATEWAY;
  afterEach(() => {
    if (before === undefined) delete process.env.EMS_GATEWAY;
    else process.env.EMS_GATEWAY = before;
  });

  it('is EMS_GATEWAY, also where it begins with a digit', () => {
    process.env.EMS_GATEWAY = '9server.a';
    assert.equal(gatewayName(), '9server.a');
  });

  it('is made of the name of the machine, where nobody gave one', () => {
    delete process.env.EMS_GATEWAY;
    assert.match(gatewayName(), idPattern);
  });

  for (const name of ['my gateway', 'a/b', '-a', 'ä', 'x'.repeat(65)])
    it(`is not "${name.slice(0, 12)}", and says why`, () => {
      process.env.EMS_GATEWAY = name;
      assert.throws(gatewayName, /EMS_GATEWAY ".*" does not fit into a topic: the name is 1 to 64 letters/);
    });
});
