import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createReason, sentenceOf, sentences } from '../../../../src/drivers/ocpp/security/rejection-reasons.ts';
import { root } from '../../../support/house-rules.ts';

const catalogOf = (language: string): Record<string, string> =>
  JSON.parse(readFileSync(join(root, `locales/${language}/ems-ocpp-server.json`), 'utf8'))['ems-ocpp-server'].reason;

const valuesOf = (text = ''): string[] => [...text.matchAll(/__(\w+?)__/g)].map(([value]) => value).sort();

describe('OCPP reasons of refusals', () => {
  it('are sentences with their values in place', () => {
    const reason = createReason('other_certificate', { name: '$& __identity__', identity: 'CP1' });
    assert.equal(sentenceOf(reason), 'the certificate of the station is that of $& __identity__, not of CP1');
    assert.equal(sentenceOf(createReason('wrong_password')), 'the password is wrong');
  });

  it('read in the English form as in the log', () => {
    assert.deepEqual(catalogOf('en-US'), sentences);
  });

  it('are each said in German, with the same values', () => {
    const german = catalogOf('de');
    assert.deepEqual(Object.keys(german).sort(), Object.keys(sentences).sort());
    for (const [code, sentence] of Object.entries(sentences)) {
      assert.deepEqual(valuesOf(german[code]), valuesOf(sentence), code);
      assert.notEqual(german[code], sentence, code);
    }
  });
});
