import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  createReason,
  type ReasonCode,
  rejectionOf,
  retryAfterS,
  sentenceOf,
  sentences,
} from '../../../../src/drivers/ocpp/security/rejection-reasons.ts';
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

  it('are answered with an HTTP status, 400 where no other fits; those that pass say when to come again', () => {
    const byStatus: Record<number, string[]> = {};
    for (const code of Object.keys(sentences) as ReasonCode[]) {
      const { status } = rejectionOf({ code });
      if (status !== 400) byStatus[status] = [...(byStatus[status] ?? []), code].sort();
    }
    assert.deepEqual(byStatus, {
      401: ['no_password', 'not_basic', 'other_user', 'wrong_password'],
      403: [
        'by_hand',
        'certificate_authority',
        'certificate_expired',
        'certificate_names',
        'certificate_not_yet_valid',
        'certificate_refused',
        'certificate_revoked',
        'no_certificate',
        'other_certificate',
        'tls_demanded',
      ],
      404: ['no_identity', 'unknown'],
      405: ['not_get'],
      426: ['websocket_version'],
      429: ['strangers_too_often', 'wrong_too_often'],
      503: ['busy', 'password_in_work', 'settings_changed', 'too_many_wait'],
    });
    assert.deepEqual(Object.keys(retryAfterS), ['429', '503']);
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
