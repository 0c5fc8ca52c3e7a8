import { startMosquitto } from '../support/mqtt/mosquitto.ts';
import {
  type KillableSite,
  oneAfterTheOther,
  orders,
  overlapping,
  type StartBroker,
  startKillableSite,
  startLocalBroker,
} from '../support/node-red/killable-site.ts';

const brokers: Record<string, StartBroker> = {
  mosquitto: (port) => startMosquitto(undefined, port),
  'the local broker': startLocalBroker,
};

for (const [name, startBroker] of Object.entries(brokers))
  describe(`whatever dies comes back, without a redeploy, at ${name}`, () => {
    let street: KillableSite;

    before(async () => {
      street = await startKillableSite(startBroker);
      await street.isLive();
    });
    after(() => street?.close());

    for (const order of orders) {
      it(`one after the other: ${order.join(', ')}`, () => oneAfterTheOther(street, order));
      it(`two away at a time: ${order.join(', ')}`, () => overlapping(street, order));
    }
  });
