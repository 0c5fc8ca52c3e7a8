/** Scans over a real Modbus TCP connection. */
import assert from 'node:assert/strict';
import { type Bus, createBus, createLink } from '../../../../src/drivers/modbus/index.ts';
import { startModbusServer } from '../../../../src/drivers/modbus/server/modbus-server.ts';
import { RegisterImage } from '../../../../src/drivers/modbus/server/register-image.ts';
import { type ScanOptions, scanForDevices } from '../../../../src/drivers/sunspec/index.ts';
import { systemClock } from '../../../../src/shell/clock.ts';
import { emptyReport, runSunSpecCase } from '../../../fuzz/sunspec-campaign.ts';
import { imageFaults } from '../../../fuzz/sunspec-images.ts';
import { freePorts } from '../../../support/free-ports.ts';
import { findModel, sizeOfModel } from '../../../support/sunspec/known-models.ts';
import { type SimulatedUnits, serveUnits, unitOf } from '../../../support/sunspec/simulated-units.ts';
import { buildImage, commonModel, type ImageEnd, modelOf } from '../../../support/sunspec/sunspec-image.ts';

const host = '127.0.0.1';
const busTo = (port: number): Bus => createBus(createLink({ transport: 'tcp', host, port }, systemClock), systemClock);

const scanPort = async (port: number, options: Partial<ScanOptions> = {}) => {
  const bus = busTo(port);
  try {
    return await scanForDevices(bus, { findModel, clock: systemClock, ...options });
  } finally {
    await bus.close();
  }
};
const scanUnits = async (units: SimulatedUnits, options: Partial<ScanOptions>) => {
  const server = await serveUnits(units);
  try {
    return await scanPort(server.port, options);
  } finally {
    await server.close();
  }
};

const wordsOf = (serial: string, end: ImageEnd = 'end_model') =>
  buildImage([commonModel({ serial }), ...[103, 120, 121, 122, 123, 160].map((id) => modelOf(id, sizeOfModel(id)))], {
    end,
  }).words;

describe('SunSpec: scans over Modbus TCP', () => {
  it('several devices, one of which ends with an exception and one with a single 0x0000', async () => {
    const units = {
      1: unitOf(wordsOf('A')),
      2: unitOf(wordsOf('B', 'none')),
      71: unitOf(wordsOf('C', 'single_zero')),
      3: unitOf(new Map()),
    };
    const { devices } = await scanUnits(units, { units: [1, 2, 3, 71] });
    assert.deepEqual(
      devices.map(({ unit, common, models, end }) => [unit, common.serial, models.length, end.kind]),
      [
        [1, 'A', 7, 'end_model'],
        [2, 'B', 7, 'exception'],
        [71, 'C', 7, 'zeros'],
      ],
    );
  });

  it('a device behind units that are silent', async () => {
    const { devices, units, notes } = await scanUnits(
      { 9: unitOf(wordsOf('A')) },
      { units: [4, 5, 6, 7, 8, 9], timeoutMs: 200 },
    );
    assert.deepEqual(
      devices.map(({ unit }) => unit),
      [9],
    );
    assert.deepEqual(
      units.map(({ kind }) => kind),
      ['silent', 'silent', 'silent', 'silent', 'silent', 'device'],
    );
    assert.deepEqual(notes, []);
  });

  it('units that are silent do not cost the connection, once somebody has answered', async () => {
    const server = await serveUnits({ 1: unitOf(wordsOf('A')) });
    try {
      const { units } = await scanPort(server.port, { units: [1, 2, 3, 4, 5, 6, 7, 8], timeoutMs: 100 });
      assert.deepEqual(
        units.map(({ kind }) => kind),
        ['device', ...Array.from({ length: 7 }, () => 'silent')],
      );
      assert.equal(server.connections(), 1);
    } finally {
      await server.close();
    }
  });

  it("the package's own server", async () => {
    const holding = new RegisterImage();
    for (const [address, word] of wordsOf('S')) holding.set(address, word);
    const server = await startModbusServer({ host, port: 0 }, new Map([[126, { holding }]]));
    try {
      const { devices } = await scanPort(server.port, { units: [126] });
      assert.deepEqual(
        devices.map(({ unit, models }) => [unit, models.length]),
        [[126, 7]],
      );
    } finally {
      await server.close();
    }
  });

  it('nobody listens', async () => {
    const { notes, units } = await scanPort((await freePorts(1))[0] ?? 0, { units: [1, 2] });
    assert.deepEqual([notes.map(({ code }) => code), units.length], [['no_connection'], 1]);
  });

  it('devices made by chance, one with each fault', async () => {
    const report = emptyReport();
    // A device that now and then keeps silent would cost real time.
    for (const fault of imageFaults.filter((each) => each !== 'unsteady'))
      for (const seed of [1, 2])
        await runSunSpecCase(seed, report, {
          fault,
          async connect(answer) {
            const server = await serveUnits({ 1: answer });
            const bus = busTo(server.port);
            const close = async (): Promise<void> => {
              await bus.close();
              await server.close();
            };
            return { bus, clock: systemClock, close };
          },
        });
    assert.deepEqual(report.faults, []);
    assert.equal(
      [...report.cases.values()].reduce((sum, { cases }) => sum + cases, 0),
      2 * (imageFaults.length - 1),
    );
  });
});
