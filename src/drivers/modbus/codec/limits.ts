/**
 * Limits of the config fields of a Modbus connection and of a device behind it. Forms and runtime both read these tables.
 * The file is part of the editor's bundle: it imports neither zod nor anything of Node.js.
 */
import { choiceOf, portRange } from '../../../model/limits.ts';

/** Addresses of one table, as they fit into two bytes. */
export const addressRange = { min: 0, max: 65_535 } as const;

/** Unit ids, as they fit into one byte. */
export const unitRange = { min: 0, max: 255 } as const;

/** Registers that one run of "read unknown registers" asks for at most. */
export const mostDumpedRegisters = 5000;

/** ms that an answer may take where neither form nor profile says anything. */
export const defaultTimeoutMs = 1000;

/** ms of silence between two exchanges where the form says nothing. */
export const defaultSilenceMs = { serial: 50, tcp: 100 } as const;

/** Fields of ems-modbus-client. */
export const modbusClientFields = {
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
  /** kWh of the battery that can be used. */
  capacity: { min: 0.1, max: 1_000_000 },
  /** Seconds between two readings of fast values. */
  interval: { default: 5, min: 0.1, max: 86_400 },
  coupling: choiceOf(['', 'ac', 'dc']),
  phase: choiceOf(['', 'l1', 'l2', 'l3']),
} as const;

/** The transports on which one request at a time is on the line, framed by silence. */
export const isSerial = (transport: unknown): boolean => transport === 'rtu' || transport === 'ascii';
