import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { createBus, createLink } from '../../../../src/drivers/modbus/index.ts';
import {
  findModelDefinition,
  modelLengthsOf,
  type SiteServer,
  scanForDevices,
} from '../../../../src/drivers/sunspec/index.ts';
import { systemClock } from '../../../../src/shell/clock.ts';
import { modelsIn } from '../../../support/sunspec/served-registers.ts';
import {
  allSides,
  connectSerial,
  type SerialClient,
  serveSite,
  units,
  wholeSite,
} from '../../../support/sunspec/served-site.ts';
import { until } from '../../../support/until.ts';

const base = 40_000;
const firstModel = base + 70;
const nothing = { grid: new Map<string, number>(), solar: new Map<string, number>() };

describe('the SunSpec face of a site', () => {
  let server: SiteServer;
  const clients: SerialClient[] = [];
  const open = async (options: Parameters<typeof serveSite>[0] = {}): Promise<void> => {
    server = await serveSite(options);
  };
  const reader = async (unit: number): Promise<SerialClient> => {
    const client = await connectSerial(server.port, unit);
    clients.push(client);
    return client;
  };
  /** @returns the registers from the base to the end of the list of a unit */
  const dump = async (unit: number): Promise<Buffer> => {
    const client = await reader(unit);
    const sizes = unit === units.grid ? [70, 107, 126, 2] : [70, 52, 125, 30, 2];
    const parts: Buffer[] = [];
    let address = base;
    for (const size of sizes) {
      for (let at = 0; at < size; at += 125)
        parts.push((await client.readHoldingRegisters(address + at, Math.min(125, size - at))).buffer);
      address += size;
    }
    return Buffer.concat(parts);
  };
  const refusalOf = async (read: Promise<unknown>): Promise<number | undefined> =>
    read.then(
      () => undefined,
      (error: { modbusCode?: number }) => error.modbusCode,
    );

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close(() => {});
    await server.close();
  });

  it('is two units: the grid as a meter, the inverters as one', async () => {
    await open();
    server.update(wholeSite, allSides);
    const [grid, solar] = [modelsIn(await dump(units.grid)), modelsIn(await dump(units.solar))];
    assert.deepEqual(
      [grid, solar].map((models) => models.map(({ id }) => id)),
      [
        [1, 203, 213],
        [1, 103, 701],
      ],
    );
    const [of1, of203, of213, of103, of701] = [grid[0], grid[1], grid[2], solar[1], solar[2]].map(
      (model) => model?.values ?? {},
    );
    assert.deepEqual(
      [of1?.Mn, of1?.Md, of1?.Vr, of1?.SN, of1?.DA],
      ['emsflow', 'Site grid meter', '1.2.3', 'grid-home', 1],
    );
    assert.deepEqual(
      [solar[0]?.values.Md, solar[0]?.values.SN, solar[0]?.values.DA],
      ['Site solar inverters', 'solar-home', 126],
    );
    assert.deepEqual([of203?.W, of203?.TotWhImp, of203?.TotWhExp], [-4321, 1_234_567, 7_654_321]);
    assert.deepEqual([of213?.W, of213?.PhVphA], [-4321, 230.1]);
    assert.deepEqual([of103?.W, of103?.WH, of701?.W, of701?.TotWhInj], [6543, 45_678_901, 6543, 45_678_901]);
  });

  it('tells its new values as one, and the models that were chosen', async () => {
    await open({ meterModels: [213] });
    server.update(wholeSite, allSides);
    const client = await reader(units.grid);
    const { data } = await client.readHoldingRegisters(firstModel, 2);
    assert.deepEqual(data, [213, 124]);
    server.update({ ...nothing, grid: new Map([['power', 7]]) }, allSides);
    const { buffer } = await client.readHoldingRegisters(firstModel + 28, 2);
    assert.equal(buffer.readFloatBE(0), 7);
  });

  it('refuses what is measured while a side is not known, and shows what it is all the same', async () => {
    await open();
    server.update(wholeSite, new Set(['grid']));
    const [grid, solar] = [await reader(units.grid), await reader(units.solar)];
    assert.equal((await grid.readHoldingRegisters(firstModel + 2, 105)).data.length, 105);
    // The head of a model and whatever is not measured.
    assert.deepEqual((await solar.readHoldingRegisters(base, 72)).data.slice(70), [103, 50]);
    assert.deepEqual((await solar.readHoldingRegisters(firstModel + 52, 2)).data, [701, 153]);
    const gatewayTargetFailed = 11;
    for (const [address, count] of [
      [firstModel, 52],
      [firstModel + 2, 1],
      [firstModel + 51, 1],
      [firstModel + 53, 2],
      [base, 125],
    ] as const)
      assert.equal(await refusalOf(solar.readHoldingRegisters(address, count)), gatewayTargetFailed, `${address}`);
    server.update(wholeSite, allSides);
    assert.equal((await solar.readHoldingRegisters(firstModel, 52)).data.length, 52);
  });

  it('tells what is not known as not implemented where that is chosen', async () => {
    await open({ whileUnknown: 'absent' });
    const [common, ...models] = modelsIn(await dump(units.grid));
    assert.equal(common?.values.Mn, 'emsflow');
    for (const { values } of models) {
      const { ID: _, L: __, ...points } = values;
      assert.deepEqual(new Set(Object.values(points)), new Set([null]));
    }
  });

  it('refuses every write, and every other table', async () => {
    await open();
    server.update(wholeSite, allSides);
    const client = await reader(units.grid);
    const [illegalFunction, illegalDataAddress] = [1, 2];
    assert.equal(await refusalOf(client.writeRegister(firstModel + 5, 1)), illegalFunction);
    assert.equal(await refusalOf(client.writeRegisters(firstModel + 5, [1, 2])), illegalFunction);
    assert.equal(await refusalOf(client.writeCoil(0, true)), illegalFunction);
    assert.equal(await refusalOf(client.writeCoils(0, [true])), illegalFunction);
    assert.equal(await refusalOf(client.readInputRegisters(base, 2)), illegalDataAddress);
    assert.equal(await refusalOf(client.readHoldingRegisters(base - 1, 1)), illegalDataAddress);
    assert.equal(await refusalOf(client.readHoldingRegisters(base + 305, 1)), illegalDataAddress);
    const { buffer } = await client.readHoldingRegisters(base, 2);
    assert.equal(buffer.toString('latin1'), 'SunS');
  });

  it('says that there is nobody on other units', async () => {
    await open();
    const client = await reader(3);
    assert.equal(await refusalOf(client.readHoldingRegisters(base, 2)), 11);
  });

  it('lives on through frames that are none', async () => {
    await open();
    server.update(wholeSite, allSides);
    const frames = [
      Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      Buffer.alloc(4096, 0xff),
      Buffer.from('0001000000060103', 'hex'),
      // Requests that are too short, too long, or ask for nothing.
      Buffer.from('00010000000201030001000000030103ff000100000006010300000000', 'hex'),
      Buffer.from('0001000000ff01', 'hex'),
    ];
    for (const frame of frames) {
      const socket = connect(server.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.write(frame);
      await new Promise<void>((resolve) => socket.end(() => resolve()));
      socket.destroy();
    }
    const client = await reader(units.grid);
    assert.equal((await client.readHoldingRegisters(firstModel, 2)).data[0], 203);
  });

  it('counts its readers, and has no more than its limit', async () => {
    await open({ maxConnections: 2 });
    assert.equal(server.readers, 0);
    const first = await reader(units.grid);
    const second = await reader(units.grid);
    await first.readHoldingRegisters(base, 2);
    await second.readHoldingRegisters(base, 2);
    assert.equal(server.readers, 2);
    const third = await reader(units.grid);
    await third.readHoldingRegisters(base, 2);
    assert.equal(server.readers, 2);
    await until(() => !first.isOpen, 'the end of the connection that was silent for longest');
  });

  it('cannot be opened on a port that is taken', async () => {
    await open();
    await assert.rejects(serveSite({ port: server.port }), /EADDRINUSE/);
  });

  it('is found by our own scan as a meter and an inverter', async () => {
    await open();
    server.update(wholeSite, allSides);
    const bus = createBus(
      createLink({ transport: 'tcp', host: '127.0.0.1', port: server.port }, systemClock),
      systemClock,
    );
    const { devices } = await scanForDevices(bus, {
      clock: systemClock,
      findModel: (id) => {
        const definition = findModelDefinition(id);
        return definition && { name: definition.label, lengths: modelLengthsOf(definition.group) };
      },
    });
    assert.deepEqual(
      devices.map(({ unit, common, models, end }) => [unit, common?.model, models.map(({ id }) => id), end.kind]),
      [
        [1, 'Site grid meter', [1, 203, 213], 'end_model'],
        [126, 'Site solar inverters', [1, 103, 701], 'end_model'],
      ],
    );
    await bus.close();
  });
});
