/**
 * Limits of the config fields of a SunSpec device, and of the SunSpec face of a site. Form and runtime both read these
 * tables. The file is part of the editor's bundle: it imports neither zod nor anything of Node.js.
 */
import { choiceOf, placementFields, portRange } from '../../../model/limits.ts';

/** The name of a point as an integrator writes it: "103:VA", "160:2:DCW", "203#2:W". */
export const pointAddressPattern = /^\d{1,5}(#\d+)?(:\d+)?:[\w.-]+$/;

/** Fields of ems-sunspec. */
export const sunspecFields = {
  /** Unit identifier: one byte of the MBAP header. Messaging on TCP/IP Implementation Guide V1.0b §3.1.3. */
  unit: { min: 0, max: 255 },
  /** Brands whose devices are found at places of their own; empty: all others. */
  brand: choiceOf(['', 'abb', 'fimer', 'fronius', 'kostal', 'sma', 'solaredge']),
  /** Seconds between two readings of fast values. */
  interval: { default: 5, min: 0.1, max: 86_400 },
  /** Kind of the device; empty: as its models show. */
  side: choiceOf(['', 'solar', 'hybrid', 'battery']),
  /** The direction in which the meter counts as positive. */
  meterSign: choiceOf(['unknown', 'import', 'export']),
  /** The direction in which the battery counts as positive. */
  batterySign: choiceOf(['unknown', 'discharge', 'charge']),
  /** The same for the modules of the battery in model 160. */
  batteryModules: choiceOf(['unknown', 'discharge', 'charge']),
  ...placementFields,
} as const;

/** Units of single devices: MODBUS over Serial Line V1.02 §2.2. */
const deviceUnits = { min: 1, max: 247, isInteger: true } as const;

/** Fields of ems-sunspec-server. */
export const siteServerFields = {
  /** Ports below 1024 belong to the administrator of the machine. */
  port: { default: 1502, ...portRange },
  /** The unit at which readers look first. */
  gridUnit: { default: 1, ...deviceUnits },
  /** The unit at which a GX device of Victron looks for inverters. */
  solarUnit: { default: 126, ...deviceUnits },
  /** Models of the meter: integers with scale factors, floats, or both in one list. */
  meterModels: choiceOf(['both', '203', '213']),
  whileUnknown: choiceOf(['refuse', 'absent']),
  /** Readers that are connected at the same time. */
  connections: { default: 8, min: 1, max: 100, isInteger: true },
  /** Seconds without a power of the site after which nothing of it is known. ems-aggregate tells one a minute at least. */
  maxAge: { default: 90, min: 5, max: 7200 },
} as const;
