import { type Departures, departureCases, openDepartures } from '../support/departures.ts';
import type { Part } from '../support/part.ts';
import { startLocalBroker } from '../support/street.ts';

describe('what goes for good leaves nothing behind, on a broker that stays', () => {
  let broker: Part;
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
