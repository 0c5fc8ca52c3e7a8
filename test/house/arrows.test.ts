import assert from 'node:assert/strict';
import { check, findCycles, readImports } from '../support/house-rules.ts';

describe('the house: who may import whom', () => {
  const imports = readImports();

  it('there is something to look at', () => assert.ok(imports.length > 100));

  it('every import follows an arrow', () => {
    assert.deepEqual(imports.map(check).filter(Boolean), []);
  });

  it('no file reaches itself', () => {
    assert.deepEqual(findCycles(imports), []);
  });
});

describe('the house notices a wrong turn', () => {
  const refused: [from: string, to: string][] = [
    ['src/model/topic.ts', 'mqtt'],
    ['src/model/topic.ts', 'src/site/site.ts'],
    ['src/drivers/modbus/bus.ts', 'src/mqtt/link.ts'],
    ['src/drivers/modbus/bus.ts', 'node-red'],
    ['src/site/site.ts', 'src/drivers/driver.ts'],
    ['src/site/site.ts', 'src/shell/clock.ts'],
    ['src/mqtt/link.ts', 'src/bridge/bridge.ts'],
    ['src/bridge/bridge.ts', 'src/drivers/modbus/driver.ts'],
    ['nodes/ems-publish.ts', 'src/site/site.ts'],
    ['nodes/ems-modbus.ts', 'src/mqtt/link.ts'],
    ['src/simulator/devices.ts', 'src/drivers/modbus/bus.ts'],
  ];
  for (const [from, to] of refused)
    it(`${from} -> ${to}`, () => {
      const imports = readImports().filter((each) => each.from === from);
      assert.ok(imports.map(check).concat(check({ from, to })).filter(Boolean).length > 0);
    });

  it('a cycle', () => {
    const imports = [
      { from: 'a.ts', to: 'b.ts' },
      { from: 'b.ts', to: 'c.ts' },
      { from: 'c.ts', to: 'a.ts' },
    ];
    assert.equal(findCycles(imports).length, 1);
  });
});
