import assert from 'node:assert/strict';
import {
  createBus,
  createLink,
  type Listener,
  type ModbusServer,
  startModbusServer,
} from '../../../../src/drivers/modbus/index.ts';
import { CommissioningScan, type ScannedConnection } from '../../../../src/drivers/sunspec/index.ts';
import { systemClock } from '../../../../src/shell/clock.ts';
import { commonModel, inverterModel } from '../../../support/sunspec/field-models.ts';
import { buildDevice, imagesOf } from '../../../support/sunspec/valued-device.ts';

const connect = (place: Listener): ScannedConnection => {
  const bus = createBus(createLink({ transport: 'tcp', ...place }, systemClock), systemClock);
  return { bus, place, close: () => bus.close() };
};

describe('a scan of several places', () => {
  const servers: ModbusServer[] = [];
  const serve = async (serial: string): Promise<Listener> => {
    const units = new Map(Array.from({ length: 256 }, (_, unit) => [unit, {}]));
    const images = imagesOf(buildDevice([commonModel(serial), inverterModel(3200)]));
    const server = await startModbusServer({ host: '127.0.0.1', port: 0 }, new Map([...units, [1, images]]));
    servers.push(server);
    return { host: '127.0.0.1', port: server.port };
  };
  const scan = (places: readonly Listener[]): CommissioningScan =>
    new CommissioningScan(
      { kind: 'network', places, isRange: true, isOpen: () => false, connect },
      { profiles: [] },
      systemClock,
    );
  const requests = (): number => servers.reduce((sum, server) => sum + server.requests(), 0);

  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

  it('takes a device that listens at two ports for one, and others for others', async () => {
    const same = await serve('A1');
    const scanning = scan([same, await serve('A1'), await serve('A2')]);
    await scanning.run();
    assert.deepEqual(scanning.state.devices.map(({ serial }) => serial).sort(), ['A1', 'A2']);
    await scanning.close();
  });

  it('previews a device once for all that ask at the same time', async () => {
    const scanning = scan([await serve('A1')]);
    await scanning.run();
    const before = requests();
    await scanning.preview(0);
    const once = requests() - before;
    const [first, second] = await Promise.all([scanning.preview(0), scanning.preview(0)]);
    assert.equal(requests() - before, once * 2);
    assert.equal(first, second);
    await scanning.close();
  });

  it('lets nothing be previewed once it is closed, and ends what is under way', async () => {
    const scanning = scan([await serve('A1')]);
    const running = scanning.run();
    await scanning.close();
    await running;
    assert.equal(scanning.state.isStopped, true);
    await assert.rejects(scanning.preview(0));
  });
});
