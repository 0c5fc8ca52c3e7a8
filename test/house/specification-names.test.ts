import assert from 'node:assert/strict';
import { readSources } from '../support/house-figures.ts';
import { factsOf } from '../support/source-facts.ts';
import {
  misplacedNames,
  type NamedSource,
  type SpecificationNames,
  specificationNames,
} from '../support/specification-names.ts';

describe('the house: a name of a specification is found where it is handled', () => {
  let sources: NamedSource[];
  before(() => {
    const texts = readSources();
    sources = factsOf(texts).map(({ file, code }) => ({ file, code, text: texts[file] ?? '' }));
  });

  for (const names of specificationNames)
    it(names.specification, () => assert.deepEqual(misplacedNames(names, sources), []));
});

describe('the house notices that a name', () => {
  const names: SpecificationNames = {
    specification: 'OCPP',
    folder: 'src/drivers/ocpp',
    besides: /\/codec\//,
    names: { Reset: 'block', 'Read Coils': ['src/a.ts'] },
  };
  const source = (path: string, code: string, comment = ''): NamedSource => ({
    file: `src/${path}`,
    code,
    text: `${comment}\n${code}`,
  });
  const rest = [source('a.ts', '', '// Read\n Coils'), source('drivers/ocpp/codec/b.ts', "'Reset'")];
  const faults = (...sources: NamedSource[]): string[] => misplacedNames(names, [...rest, ...sources]);

  it('is in no block, in several, or not in its file', () => {
    assert.deepEqual(faults(), ['Reset is named in no block']);
    const one = source('drivers/ocpp/provisioning/reset.ts', "call('Reset')");
    const other = source('drivers/ocpp/station/calls.ts', 'onReset()');
    assert.deepEqual(faults(one, other), ['Reset is named in provisioning, station']);
    assert.deepEqual(misplacedNames(names, [one]), ['src/a.ts does not name Read Coils']);
  });

  it('and nothing where one block handles it, in whatever files and words', () => {
    const block = [
      source('drivers/ocpp/provisioning/reset.ts', "call('Reset')"),
      source('drivers/ocpp/provisioning/on-reset.ts', 'onReset()'),
      source('drivers/ocpp/station/calls.ts', 'ResetType; reset()', '// after a Reset'),
    ];
    assert.deepEqual(faults(...block), []);
    assert.deepEqual(faults(source('drivers/ocpp/provisioning/reset.ts', 'reset()', '// Reset')), []);
  });
});
