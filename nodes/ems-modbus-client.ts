import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import {
  type Bus,
  createBus,
  createLink,
  isSerialPort,
  type LinkSettings,
  modbusClientFields,
  type Profile,
  testBus,
  testLink,
  type UnitLimits,
} from '../src/drivers/modbus/index.ts';
import { thisMachine } from '../src/model/limits.ts';
import { systemClock } from '../src/shell/clock.ts';
import { choiceField, numberField, optionalNumberField, textField } from '../src/shell/config.ts';
import { sayConnectionReason } from '../src/shell/connection-reason.ts';
import { defineNode } from '../src/shell/define-node.ts';
import { defineEndpoint } from '../src/shell/endpoints.ts';

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
