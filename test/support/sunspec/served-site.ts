/** The SunSpec face of a site on a free port, with readings of every kind, and clients of it. */
import modbusSerial from 'modbus-serial';
import {
  type Side,
  type SiteReadings,
  type SiteServer,
  type SiteServerOptions,
  startSiteServer,
} from '../../../src/drivers/sunspec/index.ts';

/** Unit identifiers of the two sides. */
export const units = { grid: 1, solar: 126 } as const;

const phases = (name: string, ...values: number[]): [string, number][] =>
  values.map((value, n) => [`${name}/l${n + 1}`, value]);

/** A site that exports, every quantity known, in steps that the points can tell. */
export const wholeSite: SiteReadings = {
  grid: new Map([
    ['power', -4321],
    ...phases('power', -1500, -1421, -1400),
    ...phases('current', -6.52, -6.18, -6.09),
    ...phases('voltage', 230.1, 229.9, 230),
    ['voltage/l1_l2', 398.4],
    ['voltage/l2_l3', 398.2],
    ['voltage/l3_l1', 398.6],
    ['frequency', 49.98],
    ['reactive_power', 120],
    ...phases('reactive_power', 40, 41, 39),
    ['apparent_power', 4323],
    ...phases('apparent_power', 1501, 1422, 1401),
    ['power_factor', -0.9995],
    ...phases('power_factor', -0.9991, -0.9993, 0.9996),
    ['energy_import', 1_234_567],
    ['energy_export', 7_654_321],
  ]),
  solar: new Map([
    ['power', 6543],
    ...phases('current', 9.48, 9.47, 9.5),
    ...phases('voltage', 230.12, 229.9, 230.04),
    ['frequency', 49.98],
    ['energy_out', 45_678_901],
  ]),
};

export const allSides: ReadonlySet<Side> = new Set(['grid', 'solar']);

/** Starts a face that knows nothing yet. */
export const serveSite = (options: Partial<SiteServerOptions> = {}): Promise<SiteServer> =>
  startSiteServer({
    host: '127.0.0.1',
    port: 0,
    maxConnections: 8,
    units,
    meterModels: [203, 213],
    whileUnknown: 'refuse',
    site: 'home',
    version: '1.2.3',
    ...options,
  });

/** modbus-serial, a client of another hand. */
export type SerialClient = InstanceType<typeof modbusSerial.default>;

/** Connects modbus-serial as one unit. */
export const connectSerial = async (port: number, unit: number): Promise<SerialClient> => {
  const client: SerialClient = new modbusSerial.default();
  await client.connectTCP('127.0.0.1', { port });
  client.setID(unit);
  client.setTimeout(10_000);
  return client;
};
