/**
 * Limits of the config fields of an OCPP server and a charge point: ranges, choices, and the form of an identity and a
 * password. Forms and runtime both read this file. It is part of the editor's bundle: it imports neither
 * zod nor anything of Node.js.
 */
import { choiceOf, portRange } from '../../../model/limits.ts';
import { versions } from '../messages.ts';

/** OCPP 2.0.1 part 4 §3.1.1. */
export const longestIdentity = 48;

/** Control and other invisible characters, separators of a URL, and what stands for a broken encoding. */
const notInIdentity = /[\p{C}/#?\u{fffd}]/u;

/** @returns whether a station can dial in under this name, not yet encoded for its URL */
export const isIdentity = (text: string): boolean => text.length <= longestIdentity && !notInIdentity.test(text);

/** Bytes of a password. OCPP 2.0.1 part 2, BasicAuthPassword; part 2 appendix: at most 64 in practice. */
export const passwordLimits = { min: 16, max: 255 } as const;

/**
 * OCPP 1.6 security whitepaper: AuthorizationKey is written as 32 to 40 hex digits and sent as bytes, but many boxes send
 * the digits themselves: both are the same password.
 */
export const hexPassword = /^(?:[0-9a-f]{2}){16,20}$/i;

/** @returns how many bytes of a password are compared */
export const passwordLength = (password: string): number =>
  hexPassword.test(password) ? password.length / 2 : new TextEncoder().encode(password).length;

/** Days before the end of a server certificate from which it is shown as "expires". */
export const expirySoonDays = 30;

/** URL at which a second backend takes stations. */
export const backendUrl = /^wss?:\/\/\S+$/;

/** Name of an HTTP header. */
export const headerName = /^[\w-]*$/;

/** An address like 192.168.1.2 or a network like 10.0.0.0/8, as far as its characters show. */
export const proxyAddress = /^[0-9a-f:.]+(\/\d{1,3})?$/i;

/** Fields of ems-ocpp-server. */
export const ocppServerFields = {
  port: { default: 8887, ...portRange },
  tlsPort: portRange,
  unknown: choiceOf(['hold', 'refuse']),
  /** Seconds between two heartbeats of a station. */
  heartbeat: { default: 120, min: 10, max: 86_400 },
} as const;

/** Which phase of the grid is connected to L1, L2 and L3 of the station. */
export const phaseRotations = ['L1L2L3', 'L2L3L1', 'L3L1L2', 'L1L3L2', 'L3L2L1', 'L2L1L3'] as const;

/** Treatment of limits that somebody else has left in a station; "once": cleared before our first limit. */
export const foreignPolicies = ['once', 'keep', 'clear'] as const;

const factorRange = { min: 0.0001, max: 10_000 } as const;

/** Fields of ems-ocpp; currents are A per phase. */
export const chargePointFields = {
  phases: choiceOf(['3', '1', '2']),
  phaseRotation: choiceOf(phaseRotations),
  maxCurrent: { default: 16, min: 6, max: 500 },
  /** The current while nobody asks for anything. */
  failsafe: { default: 6, min: 0, max: 500 },
  /** Seconds without this gateway after which the station falls back by itself; 0: never. */
  fallback: { min: 0, max: 86_400 },
  authorise: choiceOf(['free', 'list', 'ask']),
  /** OCPP security profile. */
  security: choiceOf(['0', '1', '2', '3']),
  version: choiceOf(['auto', ...versions]),
  /** The current with which a car still charges. */
  minCurrent: { default: 6, min: 6, max: 80 },
  /** Seconds between two measured values. */
  interval: { default: 10, min: 1, max: 3600 },
  factorPower: factorRange,
  factorEnergy: factorRange,
  factorCurrent: factorRange,
  foreign: choiceOf(foreignPolicies),
  forwardMode: choiceOf(['observe', 'limit']),
} as const;
