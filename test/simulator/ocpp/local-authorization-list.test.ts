import assert from 'node:assert/strict';
import { LocalAuthorizationList } from '../../../src/simulator/ocpp/local-authorization-list.ts';

describe('the tags that a simulated station knows', () => {
  it('a full list replaces, a difference adds and takes away', () => {
    const list = new LocalAuthorizationList();
    list.update(1, true, [
      { token: 'A', status: 'Accepted' },
      { token: 'B', status: 'Blocked' },
    ]);
    list.update(2, false, [
      { token: 'A', status: undefined },
      { token: 'C', status: 'Accepted' },
    ]);
    assert.deepEqual(
      ['A', 'B', 'C'].map((token) => list.statusOf(token)),
      [undefined, 'Blocked', 'Accepted'],
    );
    list.update(3, true, []);
    assert.deepEqual([list.version(), list.statusOf('C')], [3, undefined]);
  });

  it('refuses a difference that is older than what it has', () => {
    const list = new LocalAuthorizationList();
    list.update(5, true, []);
    assert.equal(list.update(5, false, [{ token: 'A', status: 'Accepted' }]), 'VersionMismatch');
    assert.deepEqual([list.version(), list.statusOf('A')], [5, undefined]);
  });
});
