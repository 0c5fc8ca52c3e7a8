import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { type Bus, createBus } from '../src/drivers/modbus/bus.ts';
import type { Link } from '../src/drivers/modbus/link.ts';
import { probeUnit } from '../src/drivers/modbus/probe.ts';
import type { Profile } from '../src/drivers/modbus/profile.ts';
import { createSerialLink } from '../src/drivers/modbus/serial-link.ts';
import { createTcpLink } from '../src/drivers/modbus/tcp-link.ts';
import type { Clock } from '../src/model/time.ts';
import { systemClock } from '../src/shell/clock.ts';
import { choiceField, numberField, textField } from '../src/shell/config.ts';
import { defineNode } from '../src/shell/define-node.ts';
import { defineEndpoint } from '../src/shell/endpoints.ts';

const config = z
  .object({
    transport: choiceField(['tcp', 'rtu_tcp', 'udp', 'rtu', 'ascii'], 'tcp'),
    host: textField('127.0.0.1'),
    port: numberField(502, 1, 65535),
    path: textField(),
    baudRate: numberField(9600, 300, 1_000_000),
    dataBits: choiceField(['8', '7'], '8'),
    parity: choiceField(['none', 'even', 'odd'], 'none'),
    stopBits: choiceField(['1', '2'], '1'),
  })
  .refine(({ transport, path }) => !isSerial(transport) || path !== '', {
    message: 'the serial port is missing, like /dev/ttyUSB0 or COM3',
  });

type Config = z.output<typeof config>;
type Connection = NonNullable<Profile['connection']>;

export interface ModbusClientApi {
  /** The shared bus; the first device's needs decide how the connection is opened. */
  bus(connection: Connection): Bus;
}

function isSerial(transport: string): boolean {
  return transport === 'rtu' || transport === 'ascii';
}

const createLink = (config: Config, connection: Connection, clock: Clock): Link => {
  const { transport, host, port, path, baudRate, parity } = config;
  const settleMs = connection.connectDelayMs ?? 0;
  switch (transport) {
    case 'tcp':
      return createTcpLink({ host, port, settleMs, maxInFlight: 32 }, clock);
    case 'rtu_tcp':
    case 'udp':
      return createSerialLink({ kind: transport, host, port }, clock, { settleMs });
    case 'rtu':
    case 'ascii':
      return createSerialLink(
        {
          kind: transport,
          path,
          baudRate,
          parity,
          dataBits: config.dataBits === '7' ? 7 : 8,
          stopBits: config.stopBits === '2' ? 2 : 1,
        },
        clock,
        { settleMs },
      );
  }
};

/** Devices that are deleted along with their connection are made safe through it first, ms. */
const leavingMs = 5000;

/** One connection to a Modbus device or gateway, shared by all units behind it. */
export default function register(RED: NodeAPI): void {
  defineEndpoint(RED, 'post', '/ems/modbus/test', (_, body) =>
    probeUnit(createLink(config.parse(body), {}, systemClock), 1, systemClock),
  );

  defineNode(RED, 'ems-modbus-client', {
    config,
    start({ config, clock, onClose }): ModbusClientApi {
      let bus: Bus | undefined;
      onClose(() => bus?.close(leavingMs));
      return {
        bus(connection) {
          bus ??= createBus(createLink(config, connection, clock), clock);
          return bus;
        },
      };
    },
  });
}
