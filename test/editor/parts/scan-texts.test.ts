import assert from 'node:assert/strict';
import { discoverySentences } from '../../../src/drivers/sunspec/discovery/discovery-notes.ts';
import { say } from '../../support/editor/catalog.ts';

/** @returns the names of the values in a sentence */
const namesIn = (sentence: string): string[] => [...sentence.matchAll(/__(\w+?)__/g)].map(([, name = '']) => name);

describe('the sentences of a scan', () => {
  for (const [code, sentence] of Object.entries(discoverySentences))
    it(`${code} is said in every language, with all its values`, () => {
      const names = namesIn(sentence);
      const params = Object.fromEntries(names.map((name, n) => [name, `<${name}${n}>`]));
      for (const said of say('ems-sunspec', { key: `note.${code}`, params }))
        for (const value of Object.values(params)) assert.ok(said.includes(value), `${said}: ${value}`);
    });

  it('say in every language which step a scan is at, and why it is refused', () => {
    const params = { done: 1, total: 2, unit: 3 };
    for (const step of ['begun', 'addresses', 'units', 'models', 'profiles'])
      assert.equal(new Set(say('ems-modbus-client', { key: `scan.step.${step}`, params })).size, 2, step);
    for (const refused of ['address', 'size', 'network', 'port', 'busy'])
      assert.equal(new Set(say('ems-modbus-client', { key: `scan.refused.${refused}`, params: {} })).size, 2, refused);
  });
});
