import { type Mosquitto, startMosquitto } from '../support/mqtt/mosquitto.ts';
import { type CountedPublisher, deployCases, startCountedPublisher } from '../support/node-red/counted-publisher.ts';

describe('a full deploy loses nothing that QoS promises, at mosquitto', () => {
  let mosquitto: Mosquitto;
  let street: CountedPublisher;

  before(async () => {
    mosquitto = await startMosquitto();
    street = await startCountedPublisher(mosquitto.port);
  });
  after(async () => {
    await street?.close();
    await mosquitto?.close();
  });

  for (const [name, disturb] of Object.entries(deployCases))
    it(name, async () => {
      await disturb(street);
      await street.nothingIsLost();
    });
});
