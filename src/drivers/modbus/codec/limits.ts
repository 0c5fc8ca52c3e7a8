/**
 * Limits of the config fields of a Modbus connection and of a device behind it. Forms and runtime both read these tables.
 * The file is part of the editor's bundle: it imports neither zod nor anything of Node.js.
 */
import { choiceOf, placementFields, portRange } from '../../../model/limits.ts';

/** Data addresses of one table, counted from 0: they fit into two bytes. */
export const addressRange = { min: 0, max: 65_535 } as const;

/** Unit identifiers: one byte of the MBAP header. Messaging on TCP/IP Implementation Guide V1.0b §3.1.3. */
export const unitRange = { min: 0, max: 255 } as const;

/** Registers that one register dump reads at most. */
export const mostDumpedRegisters = 5000;

/** Response timeout in ms, if neither the form nor the profile gives one. */
export const defaultTimeoutMs = 1000;

/** Silence between two exchanges on a serial line in ms, if the form gives none. */
export const defaultSilenceMs = { serial: 50, tcp: 100 } as const;

/** Requests that a connection with transaction identifiers may have in flight. A limit of this package. */
export const maxRequestsInFlight = 32;

/** Fields of ems-modbus-client. */
export const modbusClientFields = {
  /** tcp: Modbus TCP. udp: its frames in datagrams. rtu_tcp: RTU frames over TCP. rtu, ascii: a serial port. */
  transport: choiceOf(['tcp', 'rtu_tcp', 'udp', 'rtu', 'ascii']),
  port: { default: 502, ...portRange },
  /** Bits per second. */
  baudRate: { default: 9600, min: 300, max: 1_000_000 },
  dataBits: choiceOf(['8', '7']),
  parity: choiceOf(['none', 'even', 'odd']),
  stopBits: choiceOf(['1', '2']),
  /** ms. */
  timeout: { min: 10, max: 60_000 },
  /** ms between connecting and the first request. */
  connectDelay: { min: 0, max: 60_000 },
  /** ms between two requests. */
  pause: { min: 0, max: 60_000 },
  /** ms of silence on a line between two exchanges. */
  silence: { min: 1, max: 1000 },
} as const;

/** Fields of ems-modbus. */
export const modbusFields = {
  unit: unitRange,
  /** Which of several equal parts of the device, counted from 1. */
  instance: { default: 1, min: 1, max: 1000 },
  /** Seconds between two readings of fast values. */
  interval: { default: 5, min: 0.1, max: 86_400 },
  ...placementFields,
} as const;

/** Whether a transport uses a serial port of this machine. */
export const isSerialPort = (transport: unknown): transport is 'rtu' | 'ascii' =>
  transport === 'rtu' || transport === 'ascii';
