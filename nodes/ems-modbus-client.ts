import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import {
  type Bus,
  createBus,
  createLink,
  identifiableProfiles,
  isSerialPort,
  type LinkSettings,
  type Listener,
  modbusClientFields,
  type Profile,
  testBus,
  testLink,
  type UnitLimits,
} from '../src/drivers/modbus/index.ts';
import {
  CommissioningScan,
  readScanRequest,
  type ScannedConnection,
  type ScanSource,
  type WantedScan,
} from '../src/drivers/sunspec/index.ts';
import { thisMachine } from '../src/model/limits.ts';
import { ownFolder } from '../src/shell/bridge-config.ts';
import { systemClock } from '../src/shell/clock.ts';
import { choiceField, numberField, optionalNumberField, textField } from '../src/shell/config.ts';
import { sayConnectionReason } from '../src/shell/connection-reason.ts';
import { defineNode } from '../src/shell/define-node.ts';
import { defineEndpoint } from '../src/shell/endpoints.ts';
import { serveScans } from '../src/shell/scan-endpoints.ts';

const config = z
  .object({
    transport: choiceField(modbusClientFields.transport),
    host: textField(thisMachine),
    port: numberField(modbusClientFields.port),
    path: textField(),
    baudRate: numberField(modbusClientFields.baudRate),
    dataBits: choiceField(modbusClientFields.dataBits),
    parity: choiceField(modbusClientFields.parity),
    stopBits: choiceField(modbusClientFields.stopBits),
    /** Times in ms; empty: what the profile says, or what is learnt. */
    timeout: optionalNumberField(modbusClientFields.timeout),
    connectDelay: optionalNumberField(modbusClientFields.connectDelay),
    pause: optionalNumberField(modbusClientFields.pause),
    silence: optionalNumberField(modbusClientFields.silence),
  })
  .refine(({ transport, path }) => !isSerialPort(transport) || path !== '', {
    message: 'the serial port is missing, like /dev/ttyUSB0 or COM3',
  });

/** The connection in the form that asks for a scan, whole or not. */
const scanBody = z.object({ client: z.unknown().optional() });

type Config = z.output<typeof config>;
type Connection = NonNullable<Profile['connection']>;

export interface ModbusClientApi {
  /** The endpoint of the connection in messages to people: "tcp 192.168.1.50:502". */
  place: string;
  /** The shared bus. The profile of the first device decides how the connection is opened. */
  bus(connection: Connection): Bus;
}

const linkSettings = (config: Config, connection: Connection): LinkSettings => {
  const { transport, host, port, path, baudRate, parity, silence } = config;
  const times = {
    settleMs: config.connectDelay ?? connection.connectDelayMs ?? 0,
    ...(silence === undefined ? {} : { silentMs: silence }),
  };
  if (!isSerialPort(transport)) return { transport, host, port, ...times };
  const [dataBits, stopBits] = [config.dataBits === '7' ? 7 : 8, config.stopBits === '2' ? 2 : 1] as const;
  return { transport, path, baudRate, dataBits, parity, stopBits, ...times };
};

/** @returns the limits that were entered in the form, which apply to every unit on the connection */
const limitsOf = ({ timeout, pause }: Config): Partial<UnitLimits> => ({
  ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  ...(pause === undefined ? {} : { interRequestMs: pause }),
});

/** Two forms with the same place mean the same device, which may take one connection only. */
const placeOf = ({ transport, host, port, path }: Config): string =>
  isSerialPort(transport) ? path : `${transport} ${host}:${port}`;

const keyOf = ({ host, port }: Listener): string => `tcp ${host}:${port}`;

/** Time in which devices that are deleted along with their connection are brought into their safe state, ms. */
const leavingMs = 5000;

/** A connection to a Modbus device or gateway, shared by all units behind it. */
export default function register(RED: NodeAPI): void {
  /** Connections in use, by their place. */
  const running = new Map<string, Bus>();

  defineEndpoint(RED, 'post', '/ems/modbus/test', async (_, body) => {
    const given = config.parse(body);
    const bus = running.get(placeOf(given));
    const found =
      bus?.linkState().kind === 'open'
        ? await testBus(bus, systemClock)
        : await testLink(createLink(linkSettings(given, {}), systemClock), 1, systemClock);
    return found.kind === 'failed' ? { ...found, reason: sayConnectionReason(found.reason) } : found;
  });

  /** A connection that is in use is shared, because many devices take one only, and a serial port belongs to one alone. */
  const connect = (settings: LinkSettings, key: string, limits: Partial<UnitLimits> = {}): ScannedConnection => {
    const shared = running.get(key);
    if (shared && (isSerialPort(settings.transport) || shared.linkState().kind === 'open'))
      return { bus: shared, async close() {} };
    const bus = createBus(createLink(settings, systemClock), systemClock, limits);
    return { bus, close: () => bus.close() };
  };

  const sourceOf = (network: WantedScan['network'], client: unknown): ScanSource => {
    if (!network) {
      const given = config.parse(client);
      return { kind: 'connection', connection: connect(linkSettings(given, {}), placeOf(given), limitsOf(given)) };
    }
    return {
      kind: 'network',
      ...network,
      isOpen: (place) => running.get(keyOf(place))?.linkState().kind === 'open',
      connect: (place) => ({ ...connect({ transport: 'tcp', ...place }, keyOf(place)), place }),
    };
  };

  serveScans(RED, '/ems/modbus/scan', (body) => {
    const { client } = scanBody.parse(body);
    const form = config.safeParse(client).data;
    const wanted = readScanRequest(body, form && !isSerialPort(form.transport) ? form.port : undefined);
    if ('refused' in wanted) return wanted;
    const { wishes, network, key } = wanted;
    return {
      key: network || !form ? key : `${key} ${placeOf(form)}`,
      create() {
        const profiles = identifiableProfiles(ownFolder(RED, 'profiles'));
        return new CommissioningScan(sourceOf(network, client), { ...wishes, profiles }, systemClock);
      },
    };
  });

  defineNode(RED, 'ems-modbus-client', {
    config,
    start({ config, clock, onClose }): ModbusClientApi {
      let bus: Bus | undefined;
      const place = placeOf(config);
      onClose(async () => {
        if (running.get(place) === bus) running.delete(place);
        await bus?.close(leavingMs);
      });
      return {
        place,
        bus(connection) {
          bus ??= createBus(createLink(linkSettings(config, connection), clock), clock, limitsOf(config));
          running.set(place, bus);
          return bus;
        },
      };
    },
  });
}
