import { systemClock } from '../../src/shell/clock.ts';
import { SimulatedStation } from '../../src/simulator/ocpp/simulated-station.ts';
import { type Observer, observe } from '../support/mqtt/observer.ts';
import { type NodeRed, readFlow, startNodeRed } from '../support/node-red/node-red.ts';
import { movedToFreePorts, startShipped } from '../support/node-red/shipped-flows.ts';
import { until } from '../support/until.ts';

describe('the first hour with the shipped flows', () => {
  let red: NodeRed;
  let observer: Observer;

  const start = async (names: string[]): Promise<void> => {
    const started = await startShipped(names);
    red = started.red;
    observer = observe(started.portOf(1884));
  };
  afterEach(async () => {
    await observer?.close();
    await red?.remove();
  });

  /** From now on, and not the words of before. */
  const isSummedUp = (
    what: string,
    isTrue: (power: Record<string, unknown>) => boolean = () => true,
  ): Promise<void> => {
    const since = Date.now();
    return until(
      () => {
        const power = observer.last('sites/first/power') ?? {};
        return power.quality === 'good' && Date.parse(String(power.ts)) > since && isTrue(power);
      },
      what,
      60_000,
    ).catch((error) => {
      const said = ['power', 'status'].map((name) => JSON.stringify(observer.last(`sites/first/${name}`)));
      throw new Error(`${error.message}: ${said.join(' ')}`);
    });
  };

  it('a wallbox beside the first meter is counted by its site, which stays whole over deploys', async () => {
    await start(['01 First meter', '06 First wallbox']);
    const charges = (power: Record<string, unknown>): boolean => Number(power.ev_w) > 1000;
    await isSummedUp('the site with its wallbox', charges);
    for (const type of ['full', 'flows'] as const) {
      await red.deploy(await red.flows(), type);
      await isSummedUp(`the same after a deploy: ${type}`, charges);
    }
  });

  it('a wallbox that is not on this machine reaches flow 06', async () => {
    const flow = readFlow('06 First wallbox');
    const server = flow.find(({ type }) => type === 'ems-ocpp-server');
    const { nodes, portOf } = await movedToFreePorts(flow);
    red = await startNodeRed(nodes.map((node) => (node.id === server?.id ? { ...node, host: server.host } : node)));
    observer = observe(portOf(1884));
    const stations = async (): Promise<string> => JSON.stringify(await red.get(`/ems/ocpp/${server?.id}/stations`));
    await until(async () => (await stations()).includes(`${portOf(8887)}`), 'the port is open');
    // Another address than the one on which things listen that only this machine reaches.
    const url = `ws://127.0.0.2:${portOf(8887)}`;
    const wallbox = new SimulatedStation({ version: '1.6', url, identity: 'CP-4711' }, systemClock);
    wallbox.powerOn();
    await until(async () => (await stations()).includes('CP-4711'), 'the wallbox waits for approval');
    await wallbox.close();
  });

  it('the first meter is summed up under an id of its own, also where nobody changed it anywhere else', async () => {
    await start(['01 First meter']);
    await isSummedUp('the site as shipped');
    for (const type of ['full', 'flows', 'nodes'] as const) {
      const flow = await red.flows();
      const device = `meter-${type}`;
      await red.deploy(
        flow.map((node) => (node.type === 'ems-modbus' ? { ...node, device } : node)),
        type,
      );
      await until(() => observer.last(`devices/${device}/meter/power`) !== undefined, device);
      await isSummedUp(`the site with ${device}`);
    }
  });
});
