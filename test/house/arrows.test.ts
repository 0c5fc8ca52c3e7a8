import assert from 'node:assert/strict';
import { check, findCycles, type Import, importsOf, reachedFrom, readImports } from '../support/house-rules.ts';

describe('the house: who may import whom', () => {
  const imports = readImports();

  it('there is something to look at', () => assert.ok(imports.length > 100));

  it('every import follows an arrow', () => {
    assert.deepEqual(imports.map((each) => check(each, imports)).filter(Boolean), []);
  });

  it('the bundle of the forms holds nothing of Node.js, and of zod only its small form', () => {
    const packages = [...reachedFrom('src/editor/', imports)].filter((to) => !to.startsWith('src/'));
    assert.deepEqual(packages, ['zod/mini']);
  });

  it('no file reaches itself', () => {
    assert.deepEqual(findCycles(imports), []);
  });
});

describe('the house notices a wrong turn', () => {
  /** @returns what is wrong with one small file */
  const faultsOf = (file: string, text: string): string[] => {
    const imports = importsOf(file, text);
    return imports.map((each) => check(each, imports)).filter((fault) => fault !== undefined);
  };

  /** For every room, what it must not know: a package, another room, Node-RED. */
  const refused: [file: string, target: string][] = [
    ['src/model/topic.ts', 'mqtt'],
    ['src/model/topic.ts', 'node:fs'],
    ['src/model/topic.ts', '../site/site.ts'],
    ['src/drivers/driver.ts', './modbus/transport/bus/bus.ts'],
    ['src/drivers/driver.ts', 'zod'],
    ['src/drivers/modbus/transport/bus/bus.ts', '../../../../mqtt/client.ts'],
    ['src/drivers/modbus/transport/bus/bus.ts', '../../../../bridge/bridge.ts'],
    ['src/drivers/modbus/transport/bus/bus.ts', 'node-red'],
    ['src/drivers/modbus/codec/pdu.ts', '../transport/mbap.ts'],
    ['src/drivers/modbus/profiles/point.ts', '../codec/decode.ts'],
    ['src/drivers/modbus/transport/tcp-link.ts', '../profiles/point.ts'],
    ['src/drivers/modbus/device/point-values.ts', '../polling/sampler.ts'],
    ['src/drivers/modbus/polling/sampler.ts', '../actuators/verification.ts'],
    ['src/drivers/sunspec/models/model-layout.ts', '../codec/point-encodings.ts'],
    ['src/drivers/sunspec/codec/point-encodings.ts', '../discovery/model-chain.ts'],
    ['src/drivers/sunspec/codec/point-encodings.ts', '../../modbus/codec/encode.ts'],
    ['src/drivers/ocpp/ocpp-j/connection.ts', '../codec/codec-by-version.ts'],
    ['src/drivers/ocpp/codec/codec-by-version.ts', '../station/station.ts'],
    ['src/mqtt/client.ts', '../bridge/bridge.ts'],
    ['src/mqtt/client.ts', '../site/site.ts'],
    ['src/mqtt/client.ts', 'serialport'],
    ['src/control/leases.ts', '../site/site.ts'],
    ['src/control/leases.ts', 'zod'],
    ['src/control/leases.ts', 'node:timers'],
    ['src/bridge/bridge.ts', '../drivers/modbus/driver.ts'],
    ['src/bridge/bridge.ts', '../mqtt/client.ts'],
    ['src/bridge/bridge.ts', '../shell/clock.ts'],
    ['src/site/site.ts', '../drivers/driver.ts'],
    ['src/site/site.ts', '../shell/clock.ts'],
    ['src/site/site.ts', 'node:fs'],
    ['src/simulator/devices.ts', '../drivers/modbus/transport/bus/bus.ts'],
    ['nodes/ems-modbus.ts', '../src/drivers/modbus/driver.ts'],
    ['src/common/back-off.ts', '../site/site.ts'],
    ['src/common/back-off.ts', 'node:fs'],
    ['src/model/topic.ts', '../common/back-off.ts'],
    ['src/simulator/devices.ts', '../site/site.ts'],
    ['src/migrations/migrate.ts', '../shell/config.ts'],
    ['src/migrations/migrate.ts', '../drivers/ocpp/codec/limits.ts'],
    ['src/migrations/migrate.ts', 'zod'],
    ['src/editor/form.ts', '../shell/config.ts'],
    ['src/editor/form.ts', '../drivers/ocpp/messages.ts'],
    ['src/editor/form.ts', '../drivers/modbus/driver.ts'],
    ['src/editor/form.ts', '../mqtt/client.ts'],
    ['src/editor/form.ts', 'zod'],
    ['src/editor/form.ts', 'node:path'],
    ['src/model/limits.ts', '../drivers/ocpp/codec/limits.ts'],
    ['src/shell/status.ts', '../mqtt/client.ts'],
    ['src/shell/status.ts', '../drivers/modbus/transport/bus/bus.ts'],
    ['src/simulator/ocpp/csms-connection.ts', '../../drivers/ocpp/ocpp-j/connection.ts'],
    ['nodes/ems-ocpp.ts', '../src/drivers/ocpp/driver.ts'],
    ['nodes/ems-ocpp.ts', '../src/drivers/ocpp/security/passwords.ts'],
    ['nodes/ems-publish.ts', '../src/control/leases.ts'],
    ['nodes/ems-publish.ts', 'mqtt'],
    ['nodes/ems-publish.ts', '../src/migrations/migrate.ts'],
    ['nodes/ems-publish.ts', '../src/editor/form.ts'],
  ];
  for (const [file, target] of refused)
    it(`${file} -> ${target}`, () => {
      for (const text of [
        `import { a } from '${target}';`,
        `import type { A } from '${target}';`,
        `import {\n  a,\n} from '${target}';`,
        `import '${target}';`,
        `export * from '${target}';`,
        `const a = await import('${target}');`,
      ]) {
        const faults = faultsOf(file, `${text}\n`);
        assert.equal(faults.length, 1, text);
        assert.ok(faults[0]?.startsWith(file), 'it names the file');
      }
    });

  const crowded: [file: string, targets: string[]][] = [
    ['nodes/ems-publish.ts', ['../src/mqtt/client.ts', '../src/site/site.ts']],
    ['nodes/ems-modbus.ts', ['../src/bridge/bridge.ts', '../src/drivers/modbus/driver.ts', '../src/mqtt/client.ts']],
    ['nodes/ems-a.ts', ['../src/drivers/modbus/index.ts', '../src/drivers/ocpp/index.ts']],
    ['nodes/ems-a.ts', ['../src/simulator/simulation.ts', '../src/site/site.ts']],
  ];
  for (const [file, targets] of crowded)
    it(`${file} -> ${targets.join(' and ')}`, () => {
      const faults = faultsOf(file, targets.map((target) => `import { a } from '${target}';\n`).join(''));
      assert.match(faults.join(), /calls several rooms/);
    });

  it('a cycle, and which files it goes along', () => {
    const imports: Import[] = [
      ...importsOf('src/model/a.ts', "import { b } from './b.ts';\n"),
      ...importsOf('src/model/b.ts', "import type { C } from './c.ts';\n"),
      ...importsOf('src/model/c.ts', "export { a } from './a.ts';\n"),
    ];
    assert.deepEqual(findCycles(imports), [['src/model/a.ts', 'src/model/b.ts', 'src/model/c.ts', 'src/model/a.ts']]);
  });
});
