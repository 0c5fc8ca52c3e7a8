import assert from 'node:assert/strict';
import {
  type Authorization,
  type AuthorizationOptions,
  Authorizer,
} from '../../../../src/drivers/ocpp/authorization/authorize.ts';
import { createVirtualClock, type VirtualClock } from '../../../support/virtual-clock.ts';

describe('who may charge', () => {
  let clock: VirtualClock;
  beforeEach(() => {
    clock = createVirtualClock();
  });
  const create = (more: Partial<AuthorizationOptions>) =>
    new Authorizer(
      {
        mode: 'list',
        tags: [
          { id: 'GOOD' },
          { id: 'BLOCKED', isBlocked: true },
          { id: 'OLD', expiresAt: clock.now() - 1 },
          { id: 'SOON', expiresAt: clock.now() + 1000 },
        ],
        ownTag: 'EMS',
        ...more,
      },
      clock,
    );

  it('everybody', () => assert.equal(create({ mode: 'free' }).decide({ id: 'whoever' }), 'accepted'));

  const byList: [id: string, authorization: Authorization][] = [
    ['GOOD', 'accepted'],
    ['good ', 'accepted'],
    ['BLOCKED', 'blocked'],
    ['OLD', 'expired'],
    ['SOON', 'accepted'],
    ['OTHER', 'invalid'],
    ['', 'invalid'],
    // Sessions that are started from here.
    ['ems', 'accepted'],
  ];
  for (const [id, authorization] of byList)
    it(`by the list, "${id}": ${authorization}`, () => assert.equal(create({}).decide({ id }), authorization));

  it('a tag expires while everything runs', () => {
    const authoriser = create({});
    clock.advance(1000);
    assert.equal(authoriser.decide({ id: 'SOON' }), 'expired');
  });

  describe('a tag that charges at another place', () => {
    const createBusy = (more: Partial<AuthorizationOptions>) =>
      new Authorizer(
        { mode: 'list', tags: [{ id: 'GOOD' }, { id: 'OLD', isBlocked: true }], ownTag: 'EMS', ...more },
        clock,
        (_id, evse) => evse === 2,
      );
    const cases: [name: string, more: Partial<AuthorizationOptions>, id: string, evse: number, Authorization][] = [
      ['does so as it likes', {}, 'GOOD', 2, 'accepted'],
      ['is kept from it, where that is wanted', { isOnePlaceOnly: true }, 'GOOD', 2, 'concurrent_tx'],
      ['is where it was', { isOnePlaceOnly: true }, 'GOOD', 1, 'accepted'],
      ['has no other fault named', { isOnePlaceOnly: true }, 'OLD', 2, 'blocked'],
      ['may be our own', { isOnePlaceOnly: true }, 'ems', 2, 'accepted'],
      ['is nobody’s business where everybody charges', { isOnePlaceOnly: true, mode: 'free' }, 'GOOD', 2, 'accepted'],
    ];
    for (const [name, more, id, evse, authorization] of cases)
      it(name, () => assert.equal(createBusy(more).begin({ id }, evse), authorization));
    it('is not kept from showing itself', () =>
      assert.equal(createBusy({ isOnePlaceOnly: true }).decide({ id: 'GOOD' }), 'accepted'));
  });

  describe('whom a flow says', () => {
    let asked: string[];
    let answer: (authorization: Authorization | undefined) => void;
    let fail: (error: Error) => void;
    const ask: AuthorizationOptions['ask'] = ({ id }) => {
      asked.push(id);
      return new Promise((resolve, reject) => {
        answer = resolve;
        fail = reject;
      });
    };
    beforeEach(() => {
      asked = [];
    });

    it('it has the word, also against the list', async () => {
      const authoriser = create({ mode: 'ask', ask });
      const decision = authoriser.decide({ id: 'GOOD' });
      answer('blocked');
      assert.equal(await decision, 'blocked');
    });

    it('and is asked once for each visit', async () => {
      const authoriser = create({ mode: 'ask', ask });
      const decision = authoriser.decide({ id: 'NEW' });
      answer('accepted');
      await decision;
      assert.equal(authoriser.decide({ id: 'new' }), 'accepted');
      clock.advance(60_000);
      assert.ok(authoriser.decide({ id: 'NEW' }) instanceof Promise);
      assert.deepEqual(asked, ['NEW', 'NEW']);
    });

    it('silent for 5 s, or broken: the list decides', async () => {
      const authoriser = create({ mode: 'ask', ask });
      const late = authoriser.decide({ id: 'GOOD' });
      await clock.advanceAsync(5000);
      assert.equal(await late, 'accepted');
      const broken = authoriser.decide({ id: 'OTHER' });
      fail(new Error('the flow failed'));
      assert.equal(await broken, 'invalid');
      const none = authoriser.decide({ id: 'BLOCKED' });
      answer(undefined);
      assert.equal(await none, 'blocked');
    });

    it('nobody is asked about our own, or about what is over', () => {
      const authoriser = create({ mode: 'ask', ask });
      assert.equal(authoriser.decide({ id: 'EMS' }), 'accepted');
      assert.equal(authoriser.decideNow({ id: 'GOOD' }), 'accepted');
      assert.deepEqual(asked, []);
    });
  });

  it('a station keeps a list only where a list decides', () => {
    assert.deepEqual([create({ mode: 'free' }).listed(), create({ mode: 'ask' }).listed()], [[], []]);
    assert.deepEqual(
      create({})
        .listed()
        .map(({ id }) => id),
      ['GOOD', 'BLOCKED', 'OLD', 'SOON'],
    );
  });
});
