import assert from 'node:assert/strict';
import { inspectProfile } from '../../../../src/drivers/modbus/profiles/checker.ts';

const power = { name: 'power', quantity: 'meter/power', addr: 0, type: 'int16', unit: 'W' };
const profile = (more: object = {}) => ({
  schema: 'profile/1',
  id: 'acme-m1',
  title: 'Acme M1',
  class: 'meter',
  points: [power],
  ...more,
});
const look = (more: object, file?: string) => inspectProfile(JSON.stringify(profile(more)), file);
const withPoints = (...points: object[]) => look({ points: [power, ...points] });
const battery = (step: object, more: object = {}) => ({
  actuators: [{ component: 'battery', fallback: { means: { mode: 'auto' }, steps: [step] }, ...more }],
});

/** Profiles that are right in shape and can never work; each is told once, with what to do about it. */
const useless: [name: string, more: object, words: RegExp][] = [
  [
    'nothing but points that are written',
    { points: [{ name: 'limit', addr: 1, type: 'uint16', unit: 'W', access: 'w' }] },
    /^points: nothing of this profile is read: at least one point that can be read needs a quantity/,
  ],
  [
    'a command to an input register',
    {
      points: [power, { name: 'set', addr: 1, type: 'int16', table: 'input', access: 'rw', unit: 'W' }],
      ...battery({ point: 'set', value: 1 }),
    },
    /^points\[1\] \(set\): lies in table input, which can only be read: commands write to holding$/,
  ],
  [
    'a command to a discrete input that is only read',
    {
      points: [power, { name: 'set', addr: 1, type: 'bool', table: 'discrete' }],
      ...battery({ point: 'set', value: 1 }),
    },
    /fallback writes set, which is only read: table discrete is read-only/,
  ],
  [
    'function 6 for two registers',
    { points: [power, { name: 'set', addr: 1, type: 'int32', access: 'w', writeFc: 6 }] },
    /\(set\): function 6 writes a single register; int32 has 2: take 16/,
  ],
  [
    'a coil written as a register',
    { points: [power, { name: 'set', addr: 1, type: 'bool', table: 'coil', access: 'w', writeFc: 6 }] },
    /\(set\): function 6 does not write to table coil; 5 and 15 do/,
  ],
  [
    'a date of 4 registers',
    { points: [power, { name: 'time', quantity: 'meter/x_time', addr: 5, type: 'datetime', len: 4 }] },
    /\(time\): a datetime is 2 registers \(Unix time\), 3 .* or 6 .*, not 4/,
  ],
  [
    'len on a number',
    { points: [power, { name: 'time', quantity: 'meter/x_time', addr: 5, type: 'uint16', len: 2 }] },
    /\(time\): len is for string and bytes; uint16 has 1 register$/,
  ],
  [
    'an address of a network in too few registers',
    { points: [power, { name: 'ip', quantity: 'meter/x_ip', addr: 5, type: 'uint16', format: 'ipv4' }] },
    /\(ip\): format ipv4 takes 2 registers, and uint16 has 1: give "type": "bytes" and "len": 2$/,
  ],
  [
    'bits that a register does not have',
    { points: [{ ...power, nanBits: '0x10000' }] },
    /\(power\): 0x10000 is wider than int16, which has 4 hexadecimal digits/,
  ],
  [
    'words for a number',
    { points: [{ ...power, enum: { 0: 'idle', 1: 'busy' } }] },
    /\(power\): meter\/power is a number in W; enum makes words of it/,
  ],
  ['text for a number', { points: [{ ...power, format: 'hex' }] }, /meter\/power is a number in W; format hex makes/],
  [
    'a number for a status',
    { points: [{ name: 's', quantity: 'battery/status', addr: 1, type: 'uint16' }] },
    /\(s\): battery\/status is a word: give each value of the register one of idle, charging, .*"enum": \{ "0": "idle" \}/,
  ],
  [
    'a number for a text',
    { points: [{ name: 't', quantity: 'ev_charger/id_tag', addr: 1, type: 'uint32' }] },
    /\(t\): ev_charger\/id_tag is a text: give "format": "hex"/,
  ],
  [
    'words for what is true or false',
    { points: [{ name: 'c', quantity: 'ev_charger/connected', addr: 1, type: 'uint16', enum: { 0: 'no', 1: 'yes' } }] },
    /\(c\): ev_charger\/connected is true or false; enum makes words of it: "enum": \{ "0": false, "1": true \}/,
  ],
  [
    'watts and volt-amperes in one sum',
    {
      points: [
        power,
        { name: 'va', addr: 1, type: 'int16', unit: 'VA' },
        { name: 'sum', quantity: 'load/power', sum: ['power', 'va'], unit: 'W' },
      ],
    },
    /\(sum\): va: VA cannot be converted to W of load\/power/,
  ],
  [
    'a scale of 0',
    { points: [{ ...power, scale: 0 }] },
    /^points\[0\]\.scale \(power\): a scale of 0 makes every value 0/,
  ],
  [
    'a number of Modicon with six digits',
    { points: [{ ...power, addr: 400_071 }] },
    /^points\[0\]\.addr \(power\): 400071 is a Modicon number: write "table": "holding" and "addr": 70,/,
  ],
  [
    'an input of Modicon with six digits',
    { points: [{ ...power, addr: 300_001 }] },
    /300001 is a Modicon number: write "table": "input" and "addr": 0,/,
  ],
  [
    'a sentinel wider than its register',
    { points: [{ ...power, nan: ['0xffffffff'] }] },
    /\(power\): 0xffffffff is wider than int16, which has 4 hexadecimal digits/,
  ],
  [
    'a sum of words',
    {
      points: [
        power,
        { name: 'word', addr: 1, type: 'string', len: 2, quantity: 'meter/x_word' },
        { name: 'sum', quantity: 'load/power', sum: ['power', 'word'] },
      ],
    },
    /\(sum\): sums word, which is a word/,
  ],
  [
    'a sum with a register of its own',
    { points: [power, { name: 'sum', quantity: 'load/power', sum: ['power'], addr: 3, type: 'int16' }] },
    /\(sum\): has no register of its own: its value is made from power/,
  ],
  [
    'a condition in numbers on words',
    {
      points: [
        { ...power, voidWhile: { point: 'state', is: [0] } },
        { name: 'state', quantity: 'meter/status', addr: 1, type: 'uint16', enum: { 0: 'fault', 1: 'ok' } },
      ],
    },
    /\(power\): state is never 0; there are fault, ok/,
  ],
  [
    'a condition on a point that is not there',
    {
      points: [
        { ...power, onlyWhile: { point: 'modell', is: [1] } },
        { name: 'model', addr: 1, type: 'uint16' },
      ],
    },
    /\(power\): "modell" is no point with a register; did you mean "model"\?/,
  ],
  [
    'a bit of a number with a sign',
    { points: [power, { name: 'b', quantity: 'meter/x_b', addr: 1, type: 'int16', bit: 3 }] },
    /\(b\): a bit is taken from a bool, uint16, uint32, uint64$/,
  ],
  [
    'a bit beyond its register',
    { points: [power, { name: 'b', quantity: 'meter/x_b', addr: 1, type: 'uint16', bit: 16 }] },
    /\(b\): 0x10000 is wider than uint16/,
  ],
  [
    'a bit and a mask',
    { points: [power, { name: 'b', quantity: 'meter/x_b', addr: 1, type: 'uint16', bit: 3, mask: '0x8' }] },
    /\(b\): takes either a bit, or a mask and a shift/,
  ],
  [
    'a bit with a scale',
    { points: [power, { name: 'b', quantity: 'meter/x_b', addr: 1, type: 'uint16', bit: 3, scale: 2 }] },
    /\(b\): a bit takes no scale and no offset/,
  ],
  [
    'a bit for a number',
    { points: [{ ...power, type: 'uint16', bit: 3 }] },
    /\(power\): meter\/power is a number in W; bit makes true and false of it/,
  ],
  [
    'a part of a register that is written without being read',
    { points: [power, { name: 'set', addr: 1, type: 'uint16', bit: 3, access: 'w' }] },
    /\(set\): is a part of its register, which is read before it is written: take access rw/,
  ],
  [
    'a product of a word',
    {
      points: [
        power,
        { name: 'word', addr: 1, type: 'string', len: 2, quantity: 'meter/x_word' },
        { name: 'p', quantity: 'load/power', product: '@power * @word' },
      ],
    },
    /\(p\): multiplies word, which is a word/,
  ],
  [
    'a product with a parameter of a command',
    { points: [power, { name: 'p', quantity: 'load/power', product: '@power * $factor' }] },
    /\(p\): takes \$factor: a product is made of @points and numbers only/,
  ],
  [
    'a product of nothing',
    { points: [power, { name: 'p', quantity: 'load/power', product: '2 * 3' }] },
    /\(p\): has no term left/,
  ],
  [
    'a product that is a sum as well',
    { points: [power, { name: 'p', quantity: 'load/power', product: '@power * 2', sum: ['power'] }] },
    /\(p\): is either a sum, a product, or the firstOf several points/,
  ],
  [
    'a product in another unit',
    { points: [power, { name: 'p', quantity: 'load/power', product: '@power * 2', unit: 'A' }] },
    /\(p\): A cannot be converted to W of load\/power/,
  ],
  [
    'a sign from a word',
    {
      points: [
        { ...power, negativeWhile: { point: 'state', is: ['fault'] } },
        { name: 'state', quantity: 'meter/status', addr: 1, type: 'uint16', enum: { 0: 'fault', 1: 'ok' } },
      ],
    },
    /\(power\): negativeWhile "state" is a word; the sign is taken from a number/,
  ],
  [
    'a sign that is read at another time',
    {
      points: [
        { ...power, negativeWhile: { point: 'state', is: [0] } },
        { name: 'state', addr: 1, type: 'uint16', group: 'slow' },
      ],
    },
    /\(power\): negativeWhile "state" is read with another group, slow/,
  ],
  [
    'two signs',
    {
      points: [
        { ...power, sign: -1, negativeWhile: { point: 'state', is: [0] } },
        { name: 'state', addr: 1, type: 'uint16' },
      ],
    },
    /\(power\): takes its sign from negativeWhile, and no other/,
  ],
  [
    'a rating that is no power',
    { points: [power, { name: 'rated', identity: 'rated_power_w', addr: 1, type: 'uint16', unit: 'A' }] },
    /\(rated\): A cannot be converted to W of rated_power_w/,
  ],
  [
    '0 for what may be missing, where a part may not',
    {
      points: [power, { name: 'sum', quantity: 'load/power', sum: ['power'], zeroWhile: { point: 'power', min: 0 } }],
    },
    /\(sum\): zeroWhile is for a sum of optional points only/,
  ],
];

/** Slips of the pen, and where each is led. */
const slips: [name: string, more: object, words: RegExp][] = [
  ['a unit in small letters', { points: [{ ...power, unit: 'kw' }] }, /"kw" is not a unit; did you mean "kW"\?/],
  [
    'a unit of energy in small letters',
    { points: [{ ...power, quantity: 'meter/energy_import', unit: 'kwh' }] },
    /"kwh" is not a unit; did you mean "kWh"\?; it can be given in Wh, mWh, kWh/,
  ],
  [
    'a unit that is left out',
    { points: [{ ...power, unit: undefined }] },
    /no unit; meter\/power is in W; .* W, mW, kW/,
  ],
  [
    'a status nobody knows',
    { points: [{ name: 's', quantity: 'inverter/status', addr: 1, type: 'uint16', enum: { 0: 'on' } }] },
    /"on" is no status of inverter; there are off, standby, starting, running/,
  ],
  [
    'a quantity beside the word',
    { points: [{ ...power, quantity: 'meter/volts', unit: 'V' }] },
    /meter has no quantity "volts"; did you mean "voltage"\? There are power, .*; one of your own begins with x_/,
  ],
  [
    'a device type beside the word',
    { points: [{ ...power, quantity: 'batery/power' }] },
    /"batery" is no device type; did you mean "battery"\? There are battery, solar, /,
  ],
  [
    'a key beside the word',
    { points: [{ ...power, scal: 0.1 }] },
    /there is no key "scal" here; did you mean "scale"\?/,
  ],
  [
    'a key of another part',
    { points: [{ ...power, minWriteIntervalMs: 1000 }] },
    /there is no key "minWriteIntervalMs" here, only in actuators$/,
  ],
  [
    'a type beside the word',
    { points: [{ ...power, type: 'unit16' }] },
    /"unit16" is none of .*did you mean "uint16"\?/,
  ],
  ['an address in quotes', { points: [{ ...power, addr: '70' }] }, /an address is a number .*leave out the quotes/],
  [
    'a term beside the name',
    { points: [power, { name: 'sum', quantity: 'load/power', sum: ['powr'] }] },
    /sums "powr", which is not a point with a register; did you mean "power"\?/,
  ],
  [
    'a command of another type',
    battery({ waitMs: 1 }, { setpoints: { charg: { steps: [{ waitMs: 1 }] } } }),
    /battery has no command "charg"; did you mean "charge"\? There are charge, discharge, hold/,
  ],
  [
    'a limit among the setpoints',
    battery({ waitMs: 1 }, { setpoints: { limit_charge: { steps: [{ waitMs: 1 }] } } }),
    /limit_charge is a limit, not a setpoint; there are charge, discharge, hold/,
  ],
  [
    'a parameter beside the word',
    battery({ waitMs: 1 }, { setpoints: { charge: { params: { power: {} }, steps: [{ waitMs: 1 }] } } }),
    /charge has no parameter "power"; did you mean "power_w"\? There are power_w, until_soc, source/,
  ],
  [
    'a choice of no parameter',
    {
      params: { model: { default: 'a', choices: { a: 'A', bb: 'B' } } },
      variants: [{ when: { model: 'b' }, points: {} }],
    },
    /"b" is no choice of "model"; did you mean "bb"\? There are a, bb/,
  ],
];

describe('the checker of profiles', () => {
  for (const [name, more, words] of useless)
    it(`refuses ${name}`, () => {
      const { mistakes } = look(more);
      assert.equal(mistakes.length, 1, mistakes.join('\n'));
      assert.match(mistakes[0] ?? '', words);
    });

  for (const [name, more, words] of slips)
    it(`names the way out of ${name}`, () => {
      const { mistakes } = look(more);
      assert.equal(mistakes.filter((mistake) => words.test(mistake)).length, 1, mistakes.join('\n'));
    });

  it('wants the id to be the name of the file', () => {
    assert.deepEqual(look({}, 'acme-m1').mistakes, []);
    assert.deepEqual(look({}, 'my-meter').mistakes, [
      'id: "acme-m1" is not the name of the file: call the file acme-m1.json, or the id "my-meter"',
    ]);
  });

  it('takes addresses in hexadecimal, wherever there is one', () => {
    const { mistakes, profile: read } = look({
      points: [
        { ...power, addr: '0x46' },
        { name: 'energy', quantity: 'meter/energy_import', addr: ['0x4A', 0x4c], type: 'uint32', unit: 'Wh' },
      ],
      limits: { blocks: [['0x40', 16]], forbidden: [['0x60', '0x6f']] },
    });
    assert.deepEqual(mistakes, []);
    assert.deepEqual(
      read?.points.map(({ addr }) => addr),
      [70, [74, 76]],
    );
    assert.deepEqual(read?.limits, { blocks: [[64, 16]], forbidden: [[96, 111]] });
  });

  it('hints at addresses that look like numbers of Modicon, and at no others', () => {
    const hintsAt = (...addresses: [table: string, addr: number][]): string[] =>
      look({
        points: addresses.map(([table, addr], n) => ({
          ...power,
          name: `p${n}`,
          quantity: `meter/x_${n}`,
          table,
          addr,
        })),
      }).hints;
    assert.match(
      hintsAt(['holding', 40_071], ['input', 30_005]).join(),
      /^points\[0\] \(p0\): 40071 is taken as the address on the wire.*register 71 of table holding: write 70/,
    );
    assert.match(hintsAt(['input', 30_001]).join(), /register 1 of table input: write 0/);
    for (const real of [
      [['holding', 40_000] as [string, number], ['holding', 40_071] as [string, number]],
      [['holding', 30_775] as [string, number], ['holding', 40_149] as [string, number]],
      [['holding', 70] as [string, number]],
      [['input', 40_071] as [string, number]],
    ])
      assert.deepEqual(hintsAt(...real), []);
  });

  it('leaves points of SunSpec models to the discovery of the device', () => {
    const soc = { name: 'soc', quantity: 'battery/soc', addr: '802:SoC', type: 'sunspec' };
    for (const { mistakes, hints } of [withPoints(soc), look({ points: [soc] })])
      assert.deepEqual([mistakes, hints], [[], []]);
  });

  it('leaves out what a variant has not, in sums and choices too', () => {
    const point = (name: string, addr: number) => ({ name, addr, type: 'int16', unit: 'W' });
    const { mistakes } = look({
      params: { strings: { default: 'two', choices: { two: 'Two', one: 'One' } } },
      variants: [{ when: { strings: 'one' }, without: ['b'], points: { both: { quantity: 'solar/1/dc_power' } } }],
      points: [
        point('a', 0),
        point('b', 1),
        point('c', 2),
        { name: 'both', quantity: 'solar/dc_power', sum: ['a', 'b'] },
        { name: 'first', quantity: 'load/power', firstOf: ['b', 'a', 'c'] },
      ],
    });
    assert.deepEqual(mistakes, []);
    const gone = look({
      params: { strings: { default: 'two', choices: { two: 'Two', one: 'One' } } },
      variants: [{ when: { strings: 'one' }, without: ['a', 'x'] }],
      points: [power, point('a', 1), { name: 'sum', quantity: 'load/power', sum: ['a'] }],
    }).mistakes;
    assert.deepEqual(gone, ['variants[0].without[1]: there is no point "x"']);
  });
});
