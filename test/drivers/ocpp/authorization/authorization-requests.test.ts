/** Requests for authorization that a flow answers, late or never. */
import assert from 'node:assert/strict';
import { AuthorizationRequests } from '../../../../src/drivers/ocpp/authorization/authorization-requests.ts';
import { Authorizer } from '../../../../src/drivers/ocpp/authorization/authorize.ts';
import { createVirtualClock, type VirtualClock } from '../../../support/virtual-clock.ts';

describe('requests for authorization that a flow decides', () => {
  let clock: VirtualClock;
  let sent: string[];
  let requests: AuthorizationRequests;
  beforeEach(() => {
    clock = createVirtualClock();
    sent = [];
    requests = new AuthorizationRequests(({ id }) => sent.push(id));
  });
  const createStation = (): Authorizer =>
    new Authorizer(
      { mode: 'ask', tags: [{ id: 'GOOD' }], ownTag: 'EMS', ask: (token, signal) => requests.ask(token, signal) },
      clock,
    );

  it('are answered for all stations that wait for the same id token', async () => {
    const decisions = [createStation().decide({ id: 'NEW' }), createStation().decide({ id: 'NEW' })];
    await clock.advanceAsync(4999);
    requests.answer({ tag: 'NEW', status: 'accepted' });
    assert.deepEqual(await Promise.all(decisions), ['accepted', 'accepted']);
    assert.deepEqual(sent, ['NEW', 'NEW']);
  });

  it('are given up after 5 s, with all that wait for the same id token', async () => {
    const first = createStation().decide({ id: 'GOOD' });
    await clock.advanceAsync(3000);
    const second = createStation().decide({ id: 'GOOD' });
    await clock.advanceAsync(2000);
    // Too late: the list has decided.
    requests.answer({ tag: 'GOOD', status: 'blocked' });
    assert.deepEqual(await Promise.all([first, second]), ['accepted', 'accepted']);
  });

  it('are not given up by one that was answered', async () => {
    const station = createStation();
    const decision = station.decide({ id: 'NEW' });
    requests.answer({ tag: 'NEW', status: 'blocked' });
    assert.equal(await decision, 'blocked');
    await clock.advanceAsync(3000);
    const next = createStation().decide({ id: 'NEW' });
    await clock.advanceAsync(4000);
    requests.answer({ tag: 'NEW', status: 'accepted' });
    assert.equal(await next, 'accepted');
  });

  it('are answered with an id token and a status', () =>
    assert.throws(() => requests.answer({ tag: 'NEW', status: 'perhaps' })));
});
