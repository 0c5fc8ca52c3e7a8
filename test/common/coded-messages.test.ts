import assert from 'node:assert/strict';
import { createMessageCatalog } from '../../src/common/coded-messages.ts';

describe('messages with a code', () => {
  const { create, sentenceOf, parse } = createMessageCatalog({
    found: 'unit __unit__ answers (serial __serial__)',
    found_elsewhere: 'unit __unit__ answers elsewhere',
    none: 'nobody answers.',
  });

  it('are found again by their sentence, with the values in it', () => {
    for (const message of [
      create('found', { unit: '3', serial: 'A.(b) [c]' }),
      create('found_elsewhere', { unit: '126' }),
      create('found', { unit: '', serial: '' }),
      create('none'),
    ])
      assert.deepEqual(parse(sentenceOf(message)), message);
  });

  it('are not found in what reads otherwise', () => {
    for (const sentence of ['nobody answers!', 'unit 3', 'the unit 3 answers elsewhere', '', 'found'])
      assert.equal(parse(sentence), undefined);
  });
});
