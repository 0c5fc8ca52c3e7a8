import type { ForkedProcess } from '../support/forked-process.ts';
import { type Departures, departureCases, openDepartures } from '../support/node-red/departures.ts';
import { startLocalBroker } from '../support/node-red/killable-site.ts';

describe('what goes for good leaves nothing behind, on a broker that stays', () => {
  let broker: ForkedProcess;
  let street: Departures;

  before(async () => {
    broker = await startLocalBroker();
    street = await openDepartures(broker.port);
  });
  after(async () => {
    await street?.close();
    await broker?.close();
  });

  for (const [name, happens] of Object.entries(departureCases)) it(name, () => happens(street));
});
