/** What a station has to bring, and whether a connection has brought it. OCPP security profiles 0 to 3. */

import type { Peer, StationLink, StationSettings } from './link.ts';
import type { Origin } from './origin.ts';
import { isVerifier } from './passwords.ts';
import { because, type Reason, sentenceOf } from './reasons.ts';

export const needsTls = ({ security }: StationSettings): boolean => security >= 2;
export const needsPassword = ({ security }: StationSettings): boolean => security === 1 || security === 2;
export const needsCertificate = ({ security }: StationSettings): boolean => security === 3;

/** @throws Error where the settings of a station cannot be met by any station */
export const checkSettings = (identity: string, settings: StationSettings): void => {
  const { versions, passwords = [] } = settings;
  if (versions.length === 0) throw new Error(`station ${identity}: no version of OCPP is allowed`);
  if (needsPassword(settings) && passwords.length === 0 && !settings.isPreparing)
    throw new Error(`station ${identity}: security profile ${settings.security} needs a password, and there is none`);
  if (!passwords.every(isVerifier)) throw new Error(`station ${identity}: what is kept of its password cannot be read`);
};

/** @returns why TLS and certificate of a connection are not enough */
export const findTransportFault = (
  settings: StationSettings,
  identity: string,
  { isSecure, certificate, certificateFault }: Origin | (Peer & { certificateFault?: Reason }),
): Reason | undefined => {
  if (needsTls(settings) && !isSecure) return because('tls_demanded');
  if (!needsCertificate(settings)) return undefined;
  if (certificateFault) return certificateFault;
  if (certificate === undefined) return because('no_certificate');
  if (certificate === identity || settings.certificateNames?.includes(certificate)) return undefined;
  return because('other_certificate', { name: certificate, identity });
};

/** @returns why a connection that is there already cannot stay under (new) settings, in words */
export const findObjection = (
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
