/** OCPP security profiles 0 to 3: what a station has to bring, and whether a connection has brought it. */
import type { Peer, StationLink, StationSettings } from '../ocpp-j/station-link.ts';
import { findCertificateFault } from './client-certificate.ts';
import { isVerifier } from './passwords.ts';
import type { Origin } from './proxy-headers.ts';
import { createReason, type Reason, sentenceOf } from './rejection-reasons.ts';

type Secured = Pick<StationSettings, 'security'>;

/** Profiles 2 and 3. */
export const needsTls = ({ security }: Secured): boolean => security >= 2;
/** Profiles 1 and 2: HTTP Basic authentication. */
export const needsPassword = ({ security }: Secured): boolean => security === 1 || security === 2;
/** Profile 3: a client certificate. */
export const needsCertificate = ({ security }: Secured): boolean => security === 3;

/** @throws Error where no station could meet the settings */
export const checkSettings = (identity: string, settings: StationSettings): void => {
  const { versions, passwords = [] } = settings;
  if (versions.length === 0) throw new Error(`station ${identity}: no version of OCPP is allowed`);
  if (needsPassword(settings) && passwords.length === 0 && !settings.isPreparing)
    throw new Error(`station ${identity}: security profile ${settings.security} needs a password, and there is none`);
  if (!passwords.every(isVerifier)) throw new Error(`station ${identity}: what is kept of its password cannot be read`);
};

/** @returns why TLS and client certificate of a connection are not enough */
export const findTransportFault = (
  settings: StationSettings,
  identity: string,
  origin: Origin | (Peer & { certificateFault?: Reason }),
): Reason | undefined => {
  if (needsTls(settings) && !origin.isSecure) return createReason('tls_demanded');
  return needsCertificate(settings) ? findCertificateFault(settings, identity, origin) : undefined;
};

/** @returns why a connection that is there already cannot stay under new settings, in words */
export const findLinkFault = (
  settings: StationSettings,
  { identity, version, peer }: StationLink,
): string | undefined => {
  if (!settings.versions.includes(version)) return `OCPP ${version} is not allowed for this station any more`;
  const fault = findTransportFault(settings, identity, peer);
  if (fault) return sentenceOf(fault);
  const { provenPassword, offeredPassword } = peer;
  const isProven = settings.passwords?.includes(provenPassword ?? offeredPassword ?? '');
  return needsPassword(settings) && !isProven ? 'the station has to come again with its password' : undefined;
};
