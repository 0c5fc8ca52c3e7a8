import { type Mosquitto, startMosquitto } from '../support/mqtt/mosquitto.ts';
import { type Departures, departureCases, openDepartures, siteFirst } from '../support/node-red/departures.ts';

for (const [order, arrange] of [
  ['devices before their site', undefined],
  ['the site before its devices', siteFirst],
] as const)
  describe(`what goes for good leaves nothing behind at mosquitto, ${order}`, () => {
    let mosquitto: Mosquitto;
    let street: Departures;

    before(async () => {
      mosquitto = await startMosquitto();
      street = await openDepartures(mosquitto.port, arrange);
    });
    after(async () => {
      await street?.close();
      await mosquitto?.close();
    });

    for (const [name, happens] of Object.entries(departureCases)) it(name, () => happens(street));
  });
