import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { type Bus, createBus } from '../src/drivers/modbus/bus.ts';
import { isSerial, modbusClientFields } from '../src/drivers/modbus/codec/limits.ts';
import type { Link } from '../src/drivers/modbus/link.ts';
import { probeConnected, probeUnit } from '../src/drivers/modbus/probe.ts';
import type { Profile } from '../src/drivers/modbus/profile.ts';
import { createSerialLink } from '../src/drivers/modbus/serial-link.ts';
import { createTcpLink } from '../src/drivers/modbus/tcp-link.ts';
import { createUdpLink } from '../src/drivers/modbus/udp-link.ts';
import { thisMachine } from '../src/model/limits.ts';
import type { Clock } from '../src/model/time.ts';
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
  .refine(({ transport, path }) => !isSerial(transport) || path !== '', {
    message: 'the serial port is missing, like /dev/ttyUSB0 or COM3',
  });

type Config = z.output<typeof config>;
type Connection = NonNullable<Profile['connection']>;

export interface ModbusClientApi {
  /** Where it leads, for people: "tcp 192.168.1.50:502". */
  place: string;
  /** The shared bus; the first device's needs decide how the connection is opened. */
  bus(connection: Connection): Bus;
}

const createLink = (config: Config, connection: Connection, clock: Clock): Link => {
  const { transport, host, port, path, baudRate, parity, silence } = config;
  const settleMs = config.connectDelay ?? connection.connectDelayMs ?? 0;
  const line = { settleMs, ...(silence === undefined ? {} : { silentMs: silence }) };
  switch (transport) {
    case 'tcp':
      return createTcpLink({ host, port, settleMs, maxInFlight: 32 }, clock);
    case 'udp':
      return createUdpLink({ host, port, settleMs }, clock);
    case 'rtu_tcp':
      return createSerialLink({ host, port }, clock, { framing: 'rtu', ...line });
    case 'rtu':
    case 'ascii': {
      const [dataBits, stopBits] = [config.dataBits === '7' ? 7 : 8, config.stopBits === '2' ? 2 : 1] as const;
      return createSerialLink({ path, baudRate, parity, dataBits, stopBits }, clock, { framing: transport, ...line });
    }
  }
};

/** What was entered here holds for every unit behind the connection. */
const limitsOf = ({ timeout, pause }: Config) => ({
  ...(timeout === undefined ? {} : { timeoutMs: timeout }),
  ...(pause === undefined ? {} : { interRequestMs: pause }),
});

/** Two forms with the same place mean the same device, which may take one connection only. */
const placeOf = ({ transport, host, port, path }: Config): string =>
  isSerial(transport) ? path : `${transport} ${host}:${port}`;

/** Devices that are deleted along with their connection are made safe through it first, ms. */
const leavingMs = 5000;

/** One connection to a Modbus device or gateway, shared by all units behind it. */
export default function register(RED: NodeAPI): void {
  /** Connections at work, by their place. */
  const running = new Map<string, Bus>();

  defineEndpoint(RED, 'post', '/ems/modbus/test', async (_, body) => {
    const given = config.parse(body);
    const bus = running.get(placeOf(given));
    const found =
      bus?.linkState().kind === 'open'
        ? await probeConnected(bus, systemClock)
        : await probeUnit(createLink(given, {}, systemClock), 1, systemClock);
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
          bus ??= createBus(createLink(config, connection, clock), clock, limitsOf(config));
          running.set(place, bus);
          return bus;
        },
      };
    },
  });
}
