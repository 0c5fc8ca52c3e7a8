import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { findPasswordFault, isVerifier, Passwords } from '../../../../src/drivers/ocpp/security/passwords.ts';

/** As a generator writes it: 16 bytes in hex digits. */
const generatePassword = (): string => randomBytes(16).toString('hex');

const keyed = new Passwords(Buffer.alloc(32, 1));

describe('OCPP passwords', () => {
  for (const kind of ['chosen', 'generated'] as const)
    it(`${kind}: only a verifier is kept, and only the password fits it`, async () => {
      const verifier = (await keyed.protect('correct horse battery', kind)) ?? '';
      assert.ok(isVerifier(verifier));
      assert.ok(!verifier.includes('horse'));
      assert.equal(await keyed.verify(verifier, Buffer.from('correct horse battery')), true);
      assert.equal(await keyed.verify(verifier, Buffer.from('correct horse battery')), true, 'also the second time');
      for (const wrong of [
        '',
        'wrong',
        'wrong',
        'correct horse batterY',
        'correct horse battery ',
        'x'.repeat(100_000),
      ])
        assert.equal(await keyed.verify(verifier, Buffer.from(wrong)), false);
      assert.equal(await keyed.verify(keyed.decoy(kind), Buffer.from('correct horse battery')), false);
    });

  it('digits and the bytes that they stand for are the same password', async () => {
    const digits = generatePassword();
    for (const kept of [digits, digits.toUpperCase()]) {
      const verifier = (await keyed.protect(kept, 'generated')) ?? '';
      for (const given of [Buffer.from(digits), Buffer.from(digits.toUpperCase()), Buffer.from(digits, 'hex')])
        assert.equal(await keyed.verify(verifier, given), true);
      assert.equal(await keyed.verify(verifier, Buffer.from(digits.slice(2))), false);
    }
  });

  it('a verifier of the fast kind is worth nothing without the key', async () => {
    const verifier = (await keyed.protect('0123456789abcdef', 'generated')) ?? '';
    const other = new Passwords(Buffer.alloc(32, 2));
    assert.equal(await other.verify(verifier, Buffer.from('0123456789abcdef')), false);
  });

  it('what is no verifier fits nothing', async () => {
    for (const text of ['', 'secret', 'scrypt:14:8:1::', `scrypt:30:8:1:AAAAAAAAAAAAAAAAAAAAAA:${'A'.repeat(43)}`]) {
      assert.equal(isVerifier(text), false);
      assert.equal(await keyed.verify(text, Buffer.from(text)), false);
    }
  });

  it('too many slow checks at once are turned away', async () => {
    const decoy = keyed.decoy('chosen');
    const checks = Array.from({ length: 80 }, () => keyed.verify(decoy, Buffer.from('x')));
    const results = await Promise.all(checks);
    assert.equal(results.filter((each) => each === undefined).length, 80 - 2 - 64);
  });

  it('those that were set up are all protected, however many at once, and once only', async () => {
    const words = Array.from({ length: 80 }, (_, i) => `correct horse ${i}`);
    const made = await Promise.all(words.map((word) => keyed.verifierOf(word)));
    assert.equal(new Set(made.filter(isVerifier)).size, 80);
    assert.equal(await keyed.verify(made[79] ?? '', Buffer.from('correct horse 79')), true);
    assert.equal(await keyed.verifierOf('correct horse 79', made[79]), made[79], 'the same password');
    const changed = await keyed.verifierOf('another horse 79', made[79]);
    assert.notEqual(changed, made[79]);
    assert.equal(await keyed.verify(changed, Buffer.from('another horse 79')), true);
    assert.match(await keyed.verifierOf(generatePassword()), /^hmac/);
  });

  it('short ones are refused unless weak ones are allowed', () => {
    assert.match(findPasswordFault('short', false) ?? '', /has 5 characters, at least 16/);
    assert.equal(findPasswordFault('short', true), undefined);
    assert.equal(findPasswordFault('0123456789abcdef', false), undefined);
    assert.equal(findPasswordFault(generatePassword(), false), undefined);
    assert.match(findPasswordFault('', true) ?? '', /empty/);
    assert.match(findPasswordFault('x'.repeat(256), true) ?? '', /longer/);
  });
});
