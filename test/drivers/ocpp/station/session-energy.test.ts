import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  endRegister,
  energyOf,
  newRegister,
  readRegister,
} from '../../../../src/drivers/ocpp/station/session-energy.ts';

const energy = (start: number | undefined, readings: number[], stop?: number): number | undefined =>
  energyOf(
    endRegister(
      readings.reduce((state, wh) => readRegister(state, wh), newRegister(start)),
      stop,
    ),
  );

describe('the energy register of a session', () => {
  const cases: [name: string, start: number | undefined, readings: number[], stop: number | undefined, wh?: number][] =
    [
      ['from the first to the last', 1000, [1200, 1500], 2000, 1000],
      ['without readings', 1000, [], 2000, 1000],
      ['nothing charged', 1000, [1000], 1000, 0],
      ['a dropout to 0', 1000, [1200, 0, 1300], 1500, 500],
      ['two of them', 1000, [1200, 0, 0, 1300], 1500, 500],
      ['a stop that reads 0', 1000, [1200], 0, 200],
      ['it starts with each session', 12_000, [0, 50, 100], 500, 500],
      ['the same, and nobody saw it begin', 12_000, [], 500, 500],
      ['the meter was exchanged', 1000, [5000, 10, 20], 300, 4300],
      ['the last digit trembles', 1000, [2000, 1999, 2000], 2000, 1000],
      ['a stop one below the last reading', 1000, [2000], 1999, 1000],
      ['the beginning was never read', undefined, [500, 700], 900, 400],
      ['read once, at the end', undefined, [], 900],
      ['nothing at all', undefined, [], undefined],
      ['kWh between Wh', 1_000_000, [1000, 1000.5, 1002.9], 1_003_000, 3000],
      ['kWh between Wh, from a new meter', 0, [0, 0.5, 2.9], 3000, 3000],
      ['the end was never told', 1000, [1700], undefined, 700],
    ];
  for (const [name, start, readings, stop, wh] of cases)
    it(name, () => assert.equal(energy(start, readings, stop), wh));

  it('what comes late is in what was counted already', () => {
    const live: [wh: number, at: number][] = [
      [2000, 20],
      [5000, 100],
      [2500, 30],
      [3000, 50],
      [4000, 80],
      [5050, 110],
    ];
    const register = live.reduce((state, [wh, at]) => readRegister(state, wh, at * 60_000), newRegister(1000));
    assert.equal(energyOf(endRegister(register, 5100)), 4100);
  });

  it('goes on where the clock of the station was set back', () => {
    const register = [
      [1100, 100],
      [1200, 40],
      [1300, 50],
    ].reduce((state, [wh = 0, at = 0]) => readRegister(state, wh, at * 60_000), newRegister(1000, 90));
    assert.equal(energyOf(register), 300);
  });

  /** Every ten seconds, from the beginning on. */
  const timed = (start: number, readings: number[], stop: number): number | undefined => {
    const register = readings.reduce(
      (state, wh, i) => readRegister(state, wh, (i + 1) * 10_000),
      newRegister(start, 0),
    );
    return energyOf(endRegister(register, stop, (readings.length + 1) * 10_000));
  };
  it('is back at the end from where it had jumped to, and nobody saw it begin', () => {
    const readings: [wh: number, at: number][] = [
      [1000, 10],
      [1500, 20],
      [9e6, 30],
      [9e6 + 20, 40],
    ];
    const register = readings.reduce((state, [wh, at]) => readRegister(state, wh, at * 1000), newRegister(undefined));
    assert.equal(energyOf(endRegister(register, 1600, 50_000)), 600);
  });

  it('says in the end what was drawn, or where another meter stands; more than that is not believed', () => {
    for (const [stop, wh] of [
      [3100, 3100],
      [5, 3005],
      [90_000, 3000],
    ] as const) {
      const register = readRegister(newRegister(100_000, 0), 103_000, 600_000);
      assert.equal(energyOf(endRegister(register, stop, 660_000)), wh, `${stop}`);
    }
  });

  const jumps: [name: string, start: number, readings: number[], stop: number, wh: number | undefined][] = [
    ['a spike', 1000, [1500, 9e6, 1600], 1900, 900],
    ['a spike, and nothing after it', 1000, [1500, 9e6], 1900, 900],
    ['a spike at the end', 1000, [1500], 9e6, 500],
    ['a spike at the end, and nothing before it', 1000, [], 9e6, undefined],
    ['two of them, each higher', 1000, [1500, 9e6, 9e8, 1600], 1900, 900],
    ['one that lasts', 1000, [1500, 9e6, 9e6, 9e6, 1600], 1900, 900],
    ['one that rises, until the end', 1000, [1500, 9e6, 9e6 + 20, 9e6 + 40], 1900, 900],
    ['one that rises, and is over', 1000, [1500, 9e6, 9e6 + 20, 1600, 1700], 1900, 900],
    ['it was exchanged for one that stands higher', 1000, [1500, 9e6, 9e6 + 20], 9e6 + 400, 900],
    ['the same, confirmed by the end', 1000, [1500, 9e6], 9e6 + 400, 900],
    ['the beginning says 0, whatever it stands at', 0, [9e6, 9e6 + 20], 9e6 + 400, 400],
    ['Wh that are called kWh', 1000, [1_000_000, 1_100_000, 1_200_000], 1200, 200],
    ['the same, and hardly anything flows', 1000, [1_000_000, 1_001_000, 1_002_000], 1002, 2],
  ];
  for (const [name, start, readings, stop, wh] of jumps)
    it(`a register that jumps: ${name}`, () => assert.equal(timed(start, readings, stop), wh));

  it('rises by what it counted while nobody read it', () => {
    const register = readRegister(newRegister(1000, 0), 61_000, 3_600_000);
    assert.equal(energyOf(endRegister(register, 121_000, 7_200_000)), 120_000);
  });

  it('counts to the Wh, whatever single readings say', () => {
    const step = fc.record({ wh: fc.integer({ min: 0, max: 300 }), odd: fc.option(fc.constantFrom(0, 0, 1e7, 1e9)) });
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        let truth = 50_000;
        const readings = steps.flatMap(({ wh, odd }) => {
          truth += wh;
          return odd === null ? [truth] : [odd, truth];
        });
        assert.equal(timed(50_000, readings, truth), truth - 50_000);
      }),
    );
  });

  it('never falls below what was counted, whatever is read', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e6 })), (readings) => {
        let register = newRegister(1000);
        let before = 0;
        for (const wh of readings) {
          register = readRegister(register, wh);
          const now = energyOf(register) ?? Number.NaN;
          assert.ok(now >= before, `${now} < ${before}`);
          before = now;
        }
      }),
    );
  });
});
