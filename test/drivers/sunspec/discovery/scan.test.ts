/** The scan of a connection: which units are asked, for how long, and what is said of those without a device. */
import assert from 'node:assert/strict';
import { pause } from '../../../../src/common/pause.ts';
import { failureOf } from '../../../../src/drivers/modbus/failures.ts';
import {
  discoverySentenceOf,
  type ScanOptions,
  type ScanProgress,
  type ScanResult,
  scanForDevices,
} from '../../../../src/drivers/sunspec/index.ts';
import { findModel } from '../../../support/sunspec/known-models.ts';
import {
  type SimulatedBus,
  type SimulatedUnits,
  simulateUnits,
  unitOf,
} from '../../../support/sunspec/simulated-units.ts';
import { buildImage, commonModel, modelOf } from '../../../support/sunspec/sunspec-image.ts';

const inverter = (serial: string, deviceAddress?: number) =>
  unitOf(
    buildImage([
      commonModel({
        manufacturer: 'Maker',
        model: 'Model',
        serial,
        ...(deviceAddress === undefined ? {} : { deviceAddress }),
      }),
      modelOf(103, 50),
      modelOf(701, 153),
    ]).words,
  );
const plainModbus = unitOf(new Map());

interface Scanned extends SimulatedBus {
  result: ScanResult;
  units: number[];
  texts: string[];
  ms: number;
}

const scan = async (
  units: SimulatedUnits,
  options: Partial<ScanOptions> = {},
  simulated = simulateUnits(units),
): Promise<Scanned> => {
  const { bus, clock } = simulated;
  const result = await scanForDevices(bus, { findModel, clock, ...options });
  const ms = clock.monotonic();
  return {
    ...simulated,
    result,
    ms,
    units: result.devices.map(({ unit }) => unit),
    texts: result.notes.map(discoverySentenceOf),
  };
};
const askedUnits = ({ asked }: SimulatedBus): number[] => [
  ...new Set(asked().map((each) => Number(each.split(':')[0]))),
];

describe('SunSpec: the scan of a connection', () => {
  it('asks the entered unit first, then those of the brand, then the likely ones, each once', async () => {
    const scanned = await scan({}, { unit: 4, brand: 'kostal' });
    assert.deepEqual(askedUnits(scanned), [4, 127, 71, 1, 126, 2, 240, 201, 200, 247, 128, 3]);
  });

  it('asks the entered unit, even if it is none of a single device', async () => {
    for (const unit of [0, 255]) {
      const scanned = await scan({ [unit]: inverter('S') }, { unit });
      assert.deepEqual([scanned.units, askedUnits(scanned)[0]], [[unit], unit]);
    }
  });

  it('asks all units on demand', async () => {
    const scanned = await scan({ 77: inverter('S') }, { isEveryUnit: true });
    assert.deepEqual([scanned.units, askedUnits(scanned).length], [[77], 247]);
    assert.equal(Math.max(...askedUnits(scanned)), 247);
  });

  it('reads only, and never more than one request goes at a time', async () => {
    const simulated = simulateUnits({ 1: inverter('S') });
    const { link } = simulated;
    const send = link.send.bind(link);
    let inFlight = 0;
    link.send = async (request, timeoutMs) => {
      assert.ok('table' in request && request.table === 'holding');
      assert.equal(++inFlight, 1);
      try {
        return await send(request, timeoutMs);
      } finally {
        inFlight--;
      }
    };
    assert.deepEqual((await scan({}, {}, simulated)).units, [1]);
  });

  it('finds several devices behind one address, each on its unit', async () => {
    const { result, units } = await scan({ 1: inverter('A'), 2: inverter('B'), 126: inverter('C'), 3: plainModbus });
    assert.deepEqual(units, [1, 126, 2]);
    assert.deepEqual(
      result.devices.map(({ common }) => common.serial),
      ['A', 'C', 'B'],
    );
    assert.deepEqual(result.notes, []);
  });

  it('a device that answers on every unit is one device', async () => {
    const every = inverter('S');
    const units = Object.fromEntries(Array.from({ length: 247 }, (_, n) => [n + 1, every]));
    const scanned = await scan(units, { isEveryUnit: true });
    assert.deepEqual(scanned.units, [1]);
    assert.equal(scanned.result.devices[0]?.otherUnits.length, 246);
    assert.deepEqual(scanned.texts, ['units 2-247 give the same device as unit 1 (serial number S)']);
    // Marker and the beginning of the list: no walk for each of them.
    assert.ok(scanned.result.requests < 2 * 247 + 10, `${scanned.result.requests} requests`);
  });

  it('devices of one kind without serial numbers, or with addresses of their own, stay apart', async () => {
    const nameless = await scan({ 1: inverter(''), 2: inverter('') });
    assert.deepEqual(nameless.units, [1, 2]);
    assert.deepEqual(
      nameless.result.devices[1]?.notes.map(({ code }) => code),
      ['no_serial'],
    );
    assert.deepEqual((await scan({ 1: inverter('S', 1), 2: inverter('S', 2) })).units, [1, 2]);
  });

  it('says on which unit a device answers instead', async () => {
    const { texts } = await scan({ 5: plainModbus, 2: inverter('S') }, { unit: 5 });
    assert.equal(texts[0], 'unit 5 has no SunSpec device; one answers on unit 2: enter that unit');
    assert.match(texts[1] ?? '', /no SunSpec marker at 40000, 0, 50000: unit 5 answers with exception 2/);
    const { texts: none } = await scan({ 5: inverter('S'), 2: inverter('T') }, { unit: 5 });
    assert.deepEqual(none, []);
  });

  it('says what stands where the marker should be', async () => {
    const words = new Map([40_000, 40_001, 0, 1].map((address) => [address, 0xe3dc] as const));
    const { texts, result } = await scan({ 1: unitOf(words), 2: plainModbus }, { units: [1, 2, 3] });
    assert.deepEqual(result.units, [
      {
        unit: 1,
        kind: 'no_marker',
        bases: [
          { base: 40_000, kind: 'words', words: [0xe3dc, 0xe3dc] },
          { base: 0, kind: 'words', words: [0xe3dc, 0xe3dc] },
          { base: 50_000, kind: 'exception', code: 2 },
        ],
      },
      { unit: 2, kind: 'no_marker', bases: [40_000, 0, 50_000].map((base) => ({ base, kind: 'exception', code: 2 })) },
      {
        unit: 3,
        kind: 'silent',
        bases: [{ base: 40_000, kind: 'silent', reason: 'unit 3, holding 40000..40001: no answer within 1000 ms' }],
      },
    ]);
    assert.match(
      texts[0] ?? '',
      /^no SunSpec marker at 40000, 0, 50000: unit 1 answers with 0xE3DC 0xE3DC at 40000; look whether/,
    );
    const partly = unitOf(new Map(), (address) => (address === 0 ? 'silent' : undefined));
    assert.match((await scan({ 1: partly })).texts[0] ?? '', /unit 1 answers some requests only/);
  });

  const swapped: [code: string, marker: number[]][] = [
    ['words_swapped', [0x6e53, 0x5375]],
    ['bytes_swapped', [0x7553, 0x536e]],
    ['words_and_bytes_swapped', [0x536e, 0x7553]],
  ];
  for (const [code, marker] of swapped)
    it(`sees a marker with ${code.replaceAll('_', ' ')}`, async () => {
      const { result, texts } = await scan({ 1: unitOf(buildImage([], { marker }).words) });
      assert.deepEqual(result.devices, []);
      assert.equal(result.notes[0]?.code, code);
      assert.match(texts[0] ?? '', /^unit 1 has the SunSpec marker at 40000 .*: .* looks? swapped; set /);
    });

  it('says that nobody answers', async () => {
    const { texts, ms } = await scan({}, { units: [1, 2, 3, 7] });
    assert.deepEqual(texts, ['no answer from units 1-3, 7']);
    // Two attempts each, because the first answer on a connection may be lost.
    assert.ok(ms >= 8000 && ms < 8100, `${ms} ms`);
  });

  it('waits less for units that are not likely, once one has answered', async () => {
    const { ms, units } = await scan({ 1: inverter('S') }, { isEveryUnit: true });
    assert.deepEqual(units, [1]);
    const [likely, others] = [10 * (1000 + 20), 236 * (500 + 20)];
    assert.ok(ms > likely + 236 * 500 && ms < likely + others + 100, `${ms} ms`);
  });

  it('a device on a slow line behind a fast logger is found', async () => {
    const simulated = simulateUnits({ 1: plainModbus });
    const { link, clock } = simulated;
    const send = link.send.bind(link);
    const slow = simulateUnits({ 2: inverter('A') }).link;
    link.send = async (request, timeoutMs) => {
      if (request.unit !== 2) return send(request, timeoutMs);
      await pause(900, clock);
      return slow.send(request, timeoutMs);
    };
    assert.deepEqual((await scan({}, {}, simulated)).units, [2]);
  });

  it('a slow device is given its time', async () => {
    const simulated = simulateUnits({ 1: inverter('A'), 2: inverter('B') }, 600);
    assert.deepEqual((await scan({}, {}, simulated)).units, [1, 2]);
  });

  it('a first answer that is lost is asked for again', async () => {
    let requests = 0;
    const device = inverter('S');
    const late: typeof device = (address, count) => (requests++ === 0 ? 'silent' : device(address, count));
    assert.deepEqual((await scan({ 1: late }, { units: [1] })).units, [1]);
  });

  it('the entered unit is asked at all bases, even if it is silent at the first ones', async () => {
    for (const base of [0, 50_000]) {
      const { words } = buildImage([modelOf(701, 153)], { base });
      const patient = unitOf(words, (address) => (address < base || address >= base + 2000 ? 'silent' : undefined));
      const { result, units } = await scan({ 9: patient }, { unit: 9, units: [9] });
      assert.deepEqual([units, result.devices[0]?.base], [[9], base]);
      assert.deepEqual((await scan({ 9: patient }, { units: [9] })).units, []);
    }
  });

  it('a base that was silent is asked again, if the unit answers at another one', async () => {
    let requests = 0;
    const device = inverter('S');
    const waking: typeof device = (address, count) => (requests++ === 0 ? 'silent' : device(address, count));
    assert.deepEqual((await scan({ 9: waking }, { unit: 9, units: [9] })).units, [9]);
  });

  it('tells its progress', async () => {
    const steps: ScanProgress[] = [];
    await scan({ 2: inverter('S') }, { units: [1, 2, 3], onProgress: (progress) => steps.push(progress) });
    assert.deepEqual(
      steps.map(({ asked, total, unit, devices }) => [asked, total, unit, devices.length]),
      [
        [1, 3, 1, 0],
        [2, 3, 2, 1],
        [3, 3, 3, 1],
      ],
    );
  });

  it('can be cancelled, and keeps what it has found', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const onProgress = ({ unit }: ScanProgress): void => {
      if (unit === 1) controller.abort();
    };
    const { result, asked, texts } = await scan({ 1: inverter('S') }, { signal, onProgress, isEveryUnit: true });
    assert.ok(result.isCancelled);
    assert.deepEqual(
      result.devices.map(({ unit }) => unit),
      [1],
    );
    assert.ok(asked().every((each) => each.startsWith('1:')));
    assert.deepEqual(texts, ['the scan was cancelled after 1 of 247 units']);
  });

  it('a cancelled scan ends in the middle of a device', async () => {
    const controller = new AbortController();
    const device = inverter('S');
    const { result } = await scan(
      {
        1: (address, count) => {
          if (address > 40_000) controller.abort();
          return device(address, count);
        },
      },
      { signal: controller.signal },
    );
    assert.deepEqual([result.isCancelled, result.devices, result.requests], [true, [], 2]);
  });

  it('leaves the units of the bus as they were', async () => {
    const { bus, clock } = await scan({ 1: inverter('S') });
    assert.equal(bus.attachedUnit(), undefined);
    await pause(5000, clock);
    assert.deepEqual(bus.linkState(), { kind: 'closed' });
  });
});

describe('SunSpec: a scan whose connection breaks', () => {
  /** A connection that ends with each request to one of these units. */
  const breakingAt = (units: number[], simulated: SimulatedBus): SimulatedBus => {
    const { link } = simulated;
    const send = link.send.bind(link);
    link.send = async (request, timeoutMs) => {
      if (!units.includes(request.unit)) return send(request, timeoutMs);
      // An open link is not opened again: it comes back by itself.
      link.open = () => {};
      link.enter({ kind: 'waiting', reason: 'reset by peer', retryMs: 3000 });
      throw failureOf('disconnected', request, 'reset by peer');
    };
    return simulated;
  };

  it('goes on with the next unit when the connection is back', async () => {
    const simulated = breakingAt([126], simulateUnits({ 1: inverter('A'), 2: inverter('B') }));
    const { link, clock } = simulated;
    link.onState(({ kind }) => {
      if (kind === 'waiting') clock.after(3000, () => link.enter({ kind: 'open' }));
    });
    const { units, result } = await scan({}, { units: [1, 126, 2] }, simulated);
    assert.deepEqual(units, [1, 2]);
    assert.equal(result.units[1]?.kind, 'lost');
  });

  it('gives up, and says why, when the connection stays away', async () => {
    const expected: [breaking: number[], text: string][] = [
      [[2], 'the connection broke while unit 2 was asked and did not come back: reset by peer'],
      [[1, 2, 3], 'no connection: reset by peer'],
    ];
    for (const [breaking, text] of expected) {
      const simulated = breakingAt(breaking, simulateUnits({ 1: inverter('A') }));
      const { texts, result } = await scan({}, { units: [1, 2, 3] }, simulated);
      assert.equal(result.units.at(-1)?.kind, 'lost');
      assert.equal(result.units.at(-1)?.unit, breaking[0]);
      assert.deepEqual(texts, [text]);
    }
  });

  it('a cancelled scan does not wait for the connection', async () => {
    const controller = new AbortController();
    const simulated = breakingAt([1], simulateUnits({}));
    simulated.clock.after(1500, () => controller.abort());
    const { result, ms } = await scan({}, { units: [1, 2], signal: controller.signal }, simulated);
    assert.ok(result.isCancelled && ms === 1500, `${ms} ms`);
  });
});
