/** The fields of the form of a station -> what its driver and its server need. */
import type { OcppDriverOptions } from './driver.ts';
import { type Version, versions } from './messages.ts';
import type { SecurityProfile, StationSettings } from './ocpp-j/station-link.ts';
import { presetOf } from './presets.ts';

/** Fields that say how a station dials in. */
export interface DialInFields {
  version: Version | 'auto';
  /** A handshake without a sub-protocol is taken for 1.6. */
  assumed: boolean;
  /** Id of a preset, or empty. */
  preset: string;
  /** OCPP security profile. */
  security: `${SecurityProfile}`;
  certificateNames: readonly string[];
}

/**
 * Demands on the station of a node. Only a chosen preset counts: before its boot nobody knows what else a station is,
 * and a guess must not lock it out.
 */
export const stationSettingsOf = (fields: DialInFields): Omit<StationSettings, 'passwords' | 'isPreparing'> => {
  const { security, certificateNames } = fields;
  const quirks = presetOf(fields.preset)?.quirks;
  const version = fields.version === 'auto' ? quirks?.version : fields.version;
  return {
    versions: version === undefined ? versions : [version],
    isVersionAssumed: fields.assumed || quirks?.assumedVersion === '1.6',
    security: Number(security) as SecurityProfile,
    certificateNames,
  };
};

/** Fields that say how a station charges and what it tells. */
export interface DriverFields {
  device: string;
  preset: string;
  phases: '1' | '2' | '3';
  phaseRotation: NonNullable<OcppDriverOptions['phaseRotation']>;
  /** A */
  minCurrent: number;
  /** A */
  maxCurrent: number;
  /** A */
  failsafe: number;
  /** s; undefined: where the station is proven to fall back */
  fallback?: number | undefined;
  foreign: NonNullable<OcppDriverOptions['limits']['foreignPolicy']>;
  autostart: boolean;
  /** s */
  interval: number;
  factorPower?: number | undefined;
  factorEnergy?: number | undefined;
  factorCurrent?: number | undefined;
  /** Empty: no backend. */
  forwardUrl: string;
  forwardMode: NonNullable<OcppDriverOptions['forward']>['mode'];
}

/** Factors that are empty are left to the preset. */
const quirksOf = (fields: DriverFields): OcppDriverOptions['quirks'] => {
  const { autostart, factorPower: power, factorEnergy: energy, factorCurrent: current } = fields;
  const factors = {
    ...(power !== undefined && { power }),
    ...(energy !== undefined && { energy }),
    ...(current !== undefined && { current }),
  };
  return {
    ...(autostart && { needsRemoteStart: true }),
    ...(Object.keys(factors).length > 0 && { factors }),
  };
};

const limitsOf = (fields: DriverFields): OcppDriverOptions['limits'] => ({
  minCurrentA: fields.minCurrent,
  maxCurrentA: fields.maxCurrent,
  failsafeA: fields.failsafe,
  phases: Number(fields.phases) as 1 | 2 | 3,
  ...(fields.fallback !== undefined && { fallbackS: fields.fallback }),
  intervalS: fields.interval,
  foreignPolicy: fields.foreign,
});

/** Passwords as they were typed. */
export interface StationCredentials {
  password?: string;
  /** For the backend; empty: the same as here. */
  forwardPassword?: string;
}

/** Options of the driver that the form alone decides. */
export const driverOptionsOf = (fields: DriverFields, credentials: StationCredentials) => {
  const { password = '', forwardPassword = '' } = credentials;
  const { forwardUrl: url, forwardMode: mode } = fields;
  return {
    name: fields.device,
    phaseRotation: fields.phaseRotation,
    quirks: quirksOf(fields),
    ...(fields.preset !== '' && { preset: fields.preset }),
    limits: limitsOf(fields),
    ...(password !== '' && { password }),
    ...(url !== '' && { forward: { url, mode, password: forwardPassword || password } }),
  };
};
