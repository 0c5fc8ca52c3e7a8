import assert from 'node:assert/strict';
import { createProxyCheck, readOrigin } from '../../../src/drivers/ocpp/link/origin.ts';
import { because } from '../../../src/drivers/ocpp/link/reasons.ts';
import { createRefusals } from '../../../src/drivers/ocpp/link/refusals.ts';
import { createVirtualClock } from '../../support/virtual-clock.ts';

describe('OCPP refusals', () => {
  it('hold a bounded number, and no more than a share of one address', () => {
    const refusals = createRefusals(createVirtualClock(), () => {}, { most: 10, mostPerAddress: 4 });
    for (let i = 0; i < 3; i++) refusals.note({ address: '10.0.0.1', identity: `A${i}`, reason: because('busy') });
    for (let i = 0; i < 50; i++) refusals.note({ address: '10.0.0.2', identity: `B${i}`, reason: because('busy') });
    const count = (address: string): number => refusals.list().filter((entry) => entry.address === address).length;
    assert.deepEqual([count('10.0.0.1'), count('10.0.0.2')], [3, 4]);
    for (let i = 0; i < 50; i++) refusals.note({ address: `10.0.1.${i}`, reason: because('busy') });
    assert.equal(refusals.list().length, 10);
  });

  it('show nothing that moves a cursor or fills a screen', () => {
    const refusals = createRefusals(createVirtualClock());
    refusals.note({
      address: '10.0.0.1',
      identity: `a\u001b[2J\n\u202e${'x'.repeat(100)}`,
      reason: because('other_certificate', { name: `\u001b[2J${'y'.repeat(10_000)}`, identity: 'z'.repeat(10_000) }),
    });
    const [entry] = refusals.list();
    assert.match(entry?.identity ?? '', /^a\ufffd\[2J\ufffd\ufffdx+$/);
    assert.deepEqual([entry?.identity?.length, entry?.sentence.length], [48, 300]);
    assert.match(String(entry?.params?.name), /^\ufffd\[2Jy{146}$/);
  });

  it('tell a log of each that is new, and are silent where a stranger makes many up', () => {
    const clock = createVirtualClock();
    const told: string[] = [];
    const refusals = createRefusals(clock, ({ identity, code, count }) => told.push(`${identity} ${code} ${count}`));
    for (let i = 0; i < 3; i++) refusals.note({ address: '10.0.0.1', identity: 'A', reason: because('busy') });
    refusals.note({ address: '10.0.0.1', identity: 'A', reason: because('wrong_password') });
    assert.deepEqual(told, ['A busy 1', 'A wrong_password 1']);
    for (let i = 0; i < 50; i++) refusals.note({ address: '10.0.0.2', identity: `B${i}`, reason: because('busy') });
    assert.equal(told.length, 20);
    clock.advance(10_000);
    refusals.note({ address: '10.0.0.1', identity: 'C', reason: because('busy') });
    assert.equal(told.at(-1), 'C busy 1');
  });
});

describe('OCPP origin', () => {
  const direct = { address: '10.0.0.1', isSecure: false };
  const isProxy = createProxyCheck({ addresses: ['10.0.0.0/24', '::1'] });
  const addressOf = (forwarded: string, address = direct.address): string =>
    readOrigin({ ...direct, address }, { 'x-forwarded-for': forwarded }, isProxy, undefined).address;

  it('is the last address that is no proxy of ours', () => {
    assert.equal(addressOf('203.0.113.1'), '203.0.113.1');
    assert.equal(addressOf('6.6.6.6, 203.0.113.1, 10.0.0.7'), '203.0.113.1');
    assert.equal(addressOf('203.0.113.1', '::1'), '203.0.113.1');
  });
  it('is the proxy where it says nothing that can be read', () => {
    for (const text of ['', 'unknown', ',,', '10.0.0.7']) assert.equal(addressOf(text), '10.0.0.1');
  });
  it('is not what a stranger claims', () => {
    assert.equal(addressOf('203.0.113.1', '192.0.2.1'), '192.0.2.1');
  });
  it('needs addresses that are some', () => {
    assert.throws(() => createProxyCheck({ addresses: ['proxy.example'] }), /proxy proxy\.example: an IP address/);
  });
});
