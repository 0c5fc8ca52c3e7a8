import { type Mosquitto, startMosquitto } from '../support/mqtt/mosquitto.ts';
import { startGateway, statusCases } from '../support/node-red/gateway-status.ts';
import type { NodeRed } from '../support/node-red/node-red.ts';

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
