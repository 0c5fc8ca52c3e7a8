import assert from 'node:assert/strict';
import { type Inspection, inspectProfile } from '../../../../src/drivers/modbus/profiles/checker.ts';

const power = { name: 'power', quantity: 'meter/power', addr: 0, type: 'int16', unit: 'W' };
const look = (more: object): Inspection =>
  inspectProfile(
    JSON.stringify({ schema: 'profile/1', id: 'acme-m1', title: 'Acme M1', class: 'meter', points: [power], ...more }),
  );
const inspect = (more: object): string[] => look(more).mistakes;

describe('the inspection of a profile', () => {
  it('finds nothing wrong with one that is right', () => assert.deepEqual(inspect({}), []));

  it('says where the text is no JSON', () => {
    const [only] = inspectProfile('{\n  "schema": "profile/1",,\n}').mistakes;
    assert.match(only ?? '', /^not JSON: .*line 2/);
  });

  it('tells every mistake of the shape at once, with its place and the point', () => {
    const wrong = { name: 'volts', quantity: 'meter/voltage', adr: 1, addr: {}, type: 'int17', scale: '1', writeFc: 7 };
    assert.deepEqual(inspect({ title: undefined, points: [power, wrong], limits: { maxRegs: 200 } }), [
      'title: is missing',
      'limits.maxRegs: Too big: expected number to be <=125',
      'points[1].addr (volts): an address is a number from 0 to 65535, or the same in hexadecimal: "0x46", a list of up to 4 of them, or "model:point" for SunSpec',
      'points[1].type (volts): "int17" is none of bool, u8h, u8l, int16, uint16, int32, uint32, int64, uint64, float16, float32, float64, bcd16, bcd32, string, bytes, datetime, sunspec; did you mean "int16"?',
      'points[1].scale (volts): expected number, received string',
      'points[1].writeFc (volts): expected one of 5|6|15|16',
      'points[1] (volts): there is no key "adr" here; did you mean "addr"?',
    ]);
  });

  it('tells every mistake of the points at once', () => {
    const points = [
      { ...power, unit: 'A' },
      { ...power, name: 'second' },
      { ...power, name: 'third' },
      { name: 'voltage', quantity: 'meter/volts', addr: 9, type: 'int16', unit: 'V' },
      { name: 'current', quantity: 'meter/current', addr: 10, type: 'int16', unit: 'A', scaleFrom: 'factor' },
      { name: 'total', quantity: 'meter/apparent_power', sum: ['nothing'], unit: 'VA' },
    ];
    // Each begins so; the way out follows.
    const told = [
      'points[0] (power): A cannot be converted to W of meter/power',
      'points[2] (third): third and second both feed meter/power',
      'points[3] (voltage): meter has no quantity "volts"',
      'points[4] (current): scaleFrom "factor" is not a point',
      'points[5] (total): sums "nothing", which is not a point',
    ];
    const mistakes = inspect({ points });
    assert.deepEqual(
      mistakes.map((mistake, n) => mistake.slice(0, told[n]?.length)),
      told,
    );
  });

  it('hints at a point that is there for nothing, and uses the profile', () => {
    const { mistakes, hints, profile } = look({ points: [power, { name: 'spare', addr: 7, type: 'uint16' }] });
    assert.deepEqual(mistakes, []);
    assert.match(hints.join(), /^points\[1\] \(spare\): feeds no quantity/);
    assert.equal(profile?.id, 'acme-m1');
  });

  const scaled = { ...power, scaleFrom: 'factor' };
  const factor = { name: 'factor', addr: 300, type: 'int16' };
  const alone: [name: string, more: object, words: RegExp][] = [
    [
      'a value too far from its scale factor for one request',
      { points: [scaled, factor] },
      /points\[0\] \(power\): power, factor belong together and lie within 0\.\.300, which is more than the 125 reg/,
    ],
    [
      'a value whose words lie too far apart',
      { points: [{ ...power, type: 'int32', addr: [10, 90] }], limits: { maxRegs: 60 } },
      /its words lie within 10\.\.90, which is more than the 60 registers of one request/,
    ],
    [
      'a value that can only be read across a forbidden range',
      { points: [{ ...power, type: 'int32', addr: [10, 14] }], limits: { forbidden: [[12, 12]] } },
      /lie within 10\.\.14, which touches 12\.\.12, a forbidden range/,
    ],
    [
      'a scale factor in another table',
      { points: [scaled, { ...factor, addr: 1, table: 'input' }] },
      /scaleFrom "factor" lies in another table, input/,
    ],
    [
      'a scale factor that is read at other times',
      { points: [scaled, { ...factor, addr: 1, group: 'slow' }] },
      /scaleFrom "factor" is read with another group, slow/,
    ],
    [
      'a scale factor with a scale of its own',
      { points: [scaled, { ...factor, addr: 1, scale: 10 }] },
      /scaleFrom "factor" holds a power of ten, so it takes no scale and no offset/,
    ],
    [
      'a variant of nothing',
      { variants: [{ when: { model: 'b' }, points: { pover: { addr: 1 } } }] },
      /variants\[0\]\.when\.model: "b" is no choice of "model"/,
    ],
    [
      'a default that cannot be chosen',
      { params: { model: { default: 'c', choices: { a: 'A' } } } },
      /params\.model\.default: "c" is no choice of "model"/,
    ],
    [
      'a mistake that only one choice has',
      {
        params: { model: { default: 'a', choices: { a: 'A', b: 'B' } } },
        variants: [{ when: { model: 'b' }, points: { power: { unit: 'A' } } }],
      },
      /points\[0\] \(power\): A cannot be converted/,
    ],
    [
      'a command that writes what is only read',
      {
        actuators: [
          { component: 'battery', fallback: { means: { mode: 'auto' }, steps: [{ point: 'power', value: 1 }] } },
        ],
      },
      /actuators\[0\]: battery fallback writes power, which is only read/,
    ],
    [
      'a command the model does not have',
      { config: { explode: { component: 'battery', steps: [{ waitMs: 1 }] } } },
      /config\.explode: explode: battery has no command "explode"/,
    ],
  ];
  for (const [name, more, words] of alone)
    it(`finds ${name}`, () => {
      const mistakes = inspect(more);
      assert.equal(mistakes.filter((text) => words.test(text)).length, 1, mistakes.join('\n'));
    });
});
