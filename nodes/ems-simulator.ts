import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { defaultOcppServer, simulatorFields, thisMachine } from '../src/model/limits.ts';
import { numberField, optionalNumberField, textField } from '../src/shell/config.ts';
import { defineNode } from '../src/shell/define-node.ts';
import { serveAddresses } from '../src/shell/network-addresses.ts';
import { retryOpening } from '../src/shell/retry-open.ts';
import type { Status } from '../src/shell/status.ts';
import { type SimulationOptions, startSimulation, type TrueState } from '../src/simulator/simulation.ts';
import { simulationChanges } from '../src/simulator/simulation-changes.ts';

const config = z.object({
  host: textField(thisMachine),
  gridPort: numberField(simulatorFields.gridPort),
  hybridPort: numberField(simulatorFields.hybridPort),
  storagePort: numberField(simulatorFields.storagePort),
  sunspecPort: optionalNumberField(simulatorFields.sunspecPort),
  /** Local hour at which the simulated day begins. */
  startHour: numberField(simulatorFields.startHour),
  speed: numberField(simulatorFields.speed),
  seed: numberField(simulatorFields.seed),
  every: numberField(simulatorFields.every),
  /** The simulated storage falls back after this long without a write, s. */
  watchdog: numberField(simulatorFields.watchdog),
  /** Wallboxes, and the OCPP server they dial. */
  wallboxes: numberField(simulatorFields.wallboxes),
  ocpp: textField(defaultOcppServer),
});

const kilowatts = (w: number): string => (w / 1000).toFixed(1);
const timeOfDay = (hour: number): string =>
  `${String(Math.floor(hour)).padStart(2, '0')}:${String(Math.floor((hour % 1) * 60)).padStart(2, '0')}`;

const describeHouse = ({ hour, sun_w, load_w, faults }: TrueState): Status => {
  const params = { time: timeOfDay(hour), sun: kilowatts(sun_w), load: kilowatts(load_w) };
  const hasFault = Object.values(faults).some((kind) => kind !== 'none');
  return { fill: hasFault ? 'yellow' : 'green', shape: 'dot', key: hasFault ? 'faulty' : 'running', params };
};

const simulationOptions = (given: z.output<typeof config>): SimulationOptions => ({
  host: given.host,
  ports: { grid: given.gridPort, hybrid: given.hybridPort, storage: given.storagePort },
  startHour: given.startHour,
  seed: given.seed,
  speed: given.speed,
  watchdogS: given.watchdog,
  sunSpecPort: given.sunspecPort,
  wallboxes: { url: given.ocpp, count: given.wallboxes },
});

/** Simulates a house with sun, load, two batteries and wallboxes, behind real Modbus TCP servers, SunSpec among them, and OCPP clients. */
export default function register(RED: NodeAPI): void {
  serveAddresses(RED);
  defineNode(RED, 'ems-simulator', {
    config,
    start({ config, clock, send, showStatus, report, onInput, onClose }) {
      showStatus({ fill: 'yellow', shape: 'ring', key: 'opening' });
      const opening = retryOpening(clock, () => startSimulation(simulationOptions(config), clock), {
        opened: () => show(),
        failed(error, isFirst) {
          showStatus({ fill: 'red', shape: 'ring', key: 'taken' });
          if (isFirst) report(error);
        },
      });
      const show = (): void => {
        const simulation = opening.current();
        if (simulation) showStatus(describeHouse(simulation.state()));
      };
      const showing = clock.every(1000, show);
      const telling = clock.every(config.every * 1000, () => {
        const simulation = opening.current();
        if (simulation) send({ topic: 'simulator', payload: simulation.state() });
      });

      onInput(async ({ payload }) => {
        const asked = simulationChanges.safeParse(payload);
        if (!asked.success)
          throw new Error(
            `not a change of the house: ${z.prettifyError(asked.error)}; example: { "sky": 0.2, "faults": { "grid": "dead" } }`,
          );
        const simulation = opening.current();
        if (!simulation) throw new Error('the simulated house is not open yet');
        await simulation.change(asked.data);
        show();
      });
      onClose(async () => {
        showing.cancel();
        telling.cancel();
        await opening.close();
      });
    },
  });
}
