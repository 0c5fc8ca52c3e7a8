import assert from 'node:assert/strict';
import type { z } from 'zod';
import { choiceOf } from '../../src/model/limits.ts';
import {
  choiceField,
  flagField,
  idField,
  numberField,
  optionalId,
  optionalNumberField,
  textField,
} from '../../src/shell/config.ts';

describe('a field of a form', () => {
  const accepted: [name: string, field: z.ZodType, given: unknown, expected: unknown][] = [
    ['a number as text', numberField({ default: 5, min: 1, max: 10 }), '7.5', 7.5],
    ['an empty number', numberField({ default: 5, min: 1, max: 10 }), '', 5],
    ['a number that an old flow does not have', numberField({ default: 5, min: 1, max: 10 }), undefined, 5],
    ['a number left empty', optionalNumberField({ min: 0, max: 255 }), '', undefined],
    ['the number 0', optionalNumberField({ min: 0, max: 255 }), '0', 0],
    ['a text', textField('x'), 'y', 'y'],
    ['an empty text', textField('x'), '', 'x'],
    ['a switch from the environment', flagField(false), 'true', true],
    ['a switch that is off', flagField(true), false, false],
    ['an empty switch', flagField(true), '', true],
    ['a choice', choiceField(choiceOf(['tcp', 'udp'])), 'udp', 'udp'],
    ['an empty choice', choiceField(choiceOf(['tcp', 'udp'])), '', 'tcp'],
    ['an id', idField('the device id'), 'grid-meter_1.a', 'grid-meter_1.a'],
    ['an id that begins with a digit', optionalId('the name'), '9server', '9server'],
    ['an id left empty', optionalId('the meter above'), '', ''],
  ];
  for (const [name, field, given, expected] of accepted)
    it(`takes ${name}`, () => assert.deepEqual(field.parse(given), expected));

  const refused: [name: string, field: z.ZodType, given: unknown, words: RegExp][] = [
    ['a number out of bounds', numberField({ default: 5, min: 1, max: 10 }), '11', /10/],
    ['a word for a number', numberField({ default: 5, min: 1, max: 10 }), 'ten', /number/],
    ['a fraction of something countable', numberField({ default: 5, min: 1, max: 10, isInteger: true }), '1.5', /int/],
    ['an unknown choice', choiceField(choiceOf(['tcp', 'udp'])), 'ipx', /tcp/],
    ['an unset variable', textField(), '\u0024{EMS_HOST}', /the environment variable EMS_HOST is not set/],
    [
      'an unset variable as a number',
      numberField({ default: 5, min: 1, max: 10 }),
      '$(EMS_PORT)',
      /EMS_PORT is not set/,
    ],
    [
      'a topic for an id',
      idField('the device id'),
      'a/b',
      /^"a\/b" does not fit into a topic: the device id is 1 to 64/,
    ],
    ['an id that begins with a dot', optionalId('the name'), '.a', /the name is .* beginning with a letter or digit/],
    ['no id', idField('the device id'), '', /the device id is missing/],
  ];
  for (const [name, field, given, words] of refused)
    it(`refuses ${name}, in words`, () => {
      const result = field.safeParse(given);
      assert.match(result.success ? '' : result.error.issues.map(({ message }) => message).join(), words);
    });
});
