/** The transports of Modbus by the settings of a connection. */
import type { Clock } from '../../../model/time.ts';
import { maxRequestsInFlight, type modbusClientFields } from '../codec/limits.ts';
import type { ModbusLink } from './modbus-link.ts';
import type { SerialSettings } from './serial/serial-channel.ts';
import { createSerialLink } from './serial/serial-link.ts';
import { createTcpLink } from './tcp-link.ts';
import { createUdpLink } from './udp-link.ts';

type Transport = (typeof modbusClientFields.transport.values)[number];

type PortTransport = Extract<Transport, 'rtu' | 'ascii'>;

interface LinkTimes {
  /** Pause between connecting and the first request, ms. */
  settleMs?: number;
  /** Silence between two exchanges on a serial line, ms; absent: the default of the transport. */
  silentMs?: number;
}

/** A device or gateway on the network, or a serial port of this machine. */
export type LinkSettings = LinkTimes &
  (
    | { transport: Exclude<Transport, PortTransport>; host: string; port: number }
    | ({ transport: PortTransport; path: string } & SerialSettings)
  );

/** Creates a link that is not open yet. */
export const createLink = (settings: LinkSettings, clock: Clock): ModbusLink => {
  const { settleMs = 0, silentMs } = settings;
  const times = { settleMs, ...(silentMs === undefined ? {} : { silentMs }) };
  switch (settings.transport) {
    case 'tcp': {
      const { host, port } = settings;
      return createTcpLink({ host, port, settleMs, maxInFlight: maxRequestsInFlight }, clock);
    }
    case 'udp': {
      const { host, port } = settings;
      return createUdpLink({ host, port, settleMs }, clock);
    }
    case 'rtu_tcp': {
      const { host, port } = settings;
      return createSerialLink({ host, port }, clock, { framing: 'rtu', ...times });
    }
    case 'rtu':
    case 'ascii': {
      const { transport, path, baudRate, dataBits, parity, stopBits } = settings;
      return createSerialLink({ path, baudRate, dataBits, parity, stopBits }, clock, { framing: transport, ...times });
    }
  }
};
