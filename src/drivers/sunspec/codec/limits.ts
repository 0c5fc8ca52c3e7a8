/**
 * Limits of the config fields of a SunSpec device. Form and runtime both read this table. The file is part of the
 * editor's bundle: it imports neither zod nor anything of Node.js.
 */
import { choiceOf, placementFields } from '../../../model/limits.ts';

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
