import { startGateway, statusCases } from '../support/gateway-status.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import type { NodeRed } from '../support/node-red.ts';

describe('mosquitto retains that a gateway is offline', () => {
  let mosquitto: Mosquitto;
  let red: NodeRed;

  before(async () => {
    mosquitto = await startMosquitto();
    red = await startGateway(mosquitto.port);
  });
  after(async () => {
    await red?.remove();
    await mosquitto?.close();
  });

  for (const [name, run] of Object.entries(statusCases)) it(name, () => run(red, mosquitto.port));
});
