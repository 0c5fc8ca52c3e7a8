import assert from 'node:assert/strict';
import type { SiteServer } from '../../src/drivers/sunspec/index.ts';
import { definitionOf } from '../support/sunspec/placed-models.ts';
import { type PeerModel, type PeerValue, readAsPeer } from '../support/sunspec/pysunspec.ts';
import { modelsIn } from '../support/sunspec/served-registers.ts';
import { allSides, connectSerial, serveSite, units, wholeSite } from '../support/sunspec/served-site.ts';

const base = 40_000;
/** Registers of each unit, marker and end included. */
const sizes: Readonly<Record<number, number>> = { [units.grid]: 305, [units.solar]: 279 };
const longestRead = 125;

/** @returns all registers of a unit, as modbus-serial reads them */
const dump = async (port: number, unit: number): Promise<Buffer> => {
  const client = await connectSerial(port, unit);
  try {
    const parts: Buffer[] = [];
    const size = sizes[unit] ?? 0;
    for (let at = 0; at < size; at += longestRead)
      parts.push((await client.readHoldingRegisters(base + at, Math.min(longestRead, size - at))).buffer);
    return Buffer.concat(parts);
  } finally {
    client.close(() => {});
  }
};

/** Whether both have read the same. pysunspec2 has the full digits of a float of 32 bits, and 0 of a counter is no value. */
const isSame = (type: string, ours: PeerValue, theirs: PeerValue): boolean => {
  if (type === 'float32' && typeof ours === 'number') return Math.fround(ours) === theirs;
  if (type.startsWith('acc') && ours === 0) return theirs === null;
  // The product with a power of ten, where ours is the nearest decimal.
  if (typeof ours === 'number' && typeof theirs === 'number') return Math.abs(ours - theirs) <= Math.abs(ours) * 1e-12;
  return ours === theirs;
};

/** Asserts that pysunspec2 has read every point of a unit as we have. @returns the values that are there by model and point */
const compare = (theirs: readonly PeerModel[], data: Buffer): Map<string, PeerValue> => {
  const ours = modelsIn(data);
  assert.deepEqual(
    theirs.map(({ id, length }) => [id, length]),
    ours.map(({ id, length }) => [id, length]),
  );
  const read = new Map<string, PeerValue>();
  for (const [n, { id, error, points }] of theirs.entries()) {
    assert.equal(error, '', `model ${id}`);
    const values = ours[n]?.values ?? {};
    const types = new Map(definitionOf(id).group.points.map(({ name, type }) => [name, type]));
    let compared = 0;
    for (const [name, , scaled] of points) {
      const type = types.get(name) ?? '';
      if (type === 'pad') continue;
      const value = values[name] ?? null;
      assert.ok(isSame(type, value, scaled), `${id}:${name}: ${value}, and ${scaled} by pysunspec2`);
      if (scaled !== null) read.set(`${id}:${name}`, scaled);
      compared++;
    }
    assert.equal(compared, Object.keys(values).length, `all points of model ${id}`);
  }
  return read;
};

describe('pysunspec2 reads the face of a site', () => {
  let server: SiteServer;
  const read = async (): Promise<Record<number, Map<string, PeerValue>>> => {
    const devices = await readAsPeer(server.port, Object.values(units));
    const entries = devices.map(
      async ({ unit, models }): Promise<[number, Map<string, PeerValue>]> => [
        unit,
        compare(models, await dump(server.port, unit)),
      ],
    );
    return Object.fromEntries(await Promise.all(entries));
  };
  afterEach(() => server.close());

  it('and agrees on every point of every model', async () => {
    server = await serveSite();
    server.update(wholeSite, allSides);
    const { [units.grid]: grid, [units.solar]: solar } = await read();
    assert.deepEqual(
      ['1:Mn', '1:Md', '1:SN', '203:W', '203:W_SF', '203:PhVphAB', '203:PFphC', '203:TotWhExp', '213:W', '213:Hz'].map(
        (point) => grid?.get(point),
      ),
      [
        ...['emsflow', 'Site grid meter', 'grid-home'],
        ...[-4321, 0, 398.4, 99.96, 7_654_321, -4321, Math.fround(49.98)],
      ],
    );
    assert.deepEqual(
      ['103:W', '103:WH', '103:St', '103:AphB', '701:W', '701:TotWhInj', '701:InvSt', '701:VL1', '701:ACType'].map(
        (point) => solar?.get(point),
      ),
      [6543, 45_678_901, 4, 9.47, 6543, 45_678_901, 3, 230.12, 2],
    );
    // Nothing is there that nobody has told.
    for (const point of ['203:Evt', '203:TotVAhImp', '213:TotVArhImpQ1']) assert.equal(grid?.has(point), false, point);
    for (const point of ['103:DCW', '103:Evt1', '701:TotWhAbs', '701:Alrm'])
      assert.equal(solar?.has(point), false, point);
  });

  it('and knows nothing that the site does not know', async () => {
    server = await serveSite({ whileUnknown: 'absent' });
    const { [units.grid]: grid, [units.solar]: solar } = await read();
    const known = (values: Map<string, PeerValue> | undefined): string[] =>
      [...(values?.keys() ?? [])].filter((point) => !/^1:|:(ID|L)$/.test(point));
    assert.deepEqual([known(grid), known(solar)], [[], ['701:ACType']]);
  });

  it('and reads a large site, whose powers have another factor', async () => {
    server = await serveSite();
    const grid = new Map([
      ['power', 1_234_567],
      ['energy_import', 2 ** 32 + 5],
      ['energy_export', 0],
    ]);
    server.update({ grid, solar: new Map([['power', 999_999]]) }, allSides);
    const told = await read();
    assert.deepEqual(
      ['203:W', '203:W_SF', '203:TotWhImp', '213:W'].map((point) => told[units.grid]?.get(point)),
      [1_234_600, 2, 5, 1_234_567],
    );
    assert.deepEqual(
      ['103:W', '103:W_SF', '701:W'].map((point) => told[units.solar]?.get(point)),
      [1_000_000, 2, 1_000_000],
    );
  });
});
