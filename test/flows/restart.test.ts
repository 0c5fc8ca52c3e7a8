import assert from 'node:assert/strict';
import { listen, type Observer } from '../support/mqtt/observer.ts';
import { topicsToRetain } from '../support/mqtt/topic-deliveries.ts';
import {
  type KillableSite,
  orders,
  overlapping,
  startKillableSite,
  startLocalBroker,
} from '../support/node-red/killable-site.ts';
import { until } from '../support/until.ts';

/** The long form is in test/peers: each after the other as well, and with mosquitto. */
describe('whatever dies comes back, without a redeploy', () => {
  let street: KillableSite;

  before(async () => {
    street = await startKillableSite(startLocalBroker);
    await street.isLive();
  });
  after(() => street?.close());

  for (const order of orders)
    it(`killed and started again, two away at a time: ${order.join(', ')}`, () => overlapping(street, order));

  describe('a broker that came back empty', () => {
    const retainedOf = ({ heard }: Observer): string[] =>
      [...new Set(heard.filter(({ retain }) => retain).map(({ topic }) => topic))].sort();

    /** Asserts what a new subscriber finds; more would be heard as well. */
    const findsAll = async (wanted: string[]): Promise<void> => {
      const late = await listen(street.brokerPort);
      await until(() => retainedOf(late).length >= wanted.length, 'what is retained').catch(() => {});
      assert.deepEqual(retainedOf(late), wanted);
      await late.close();
    };

    it('has every retained topic again, and no other', async () => {
      await until(() => street.observer.last('sites/home/energy') !== undefined, 'the energy of the site');
      const wanted = topicsToRetain(street.observer.heard);
      assert.ok(wanted.length > 20, wanted.join('\n'));
      await findsAll(wanted);
      await street.kill('broker');
      await street.start('broker');
      await street.isLive();
      await findsAll(wanted);
    });
  });
});
