/**
 * Tells a station its new password, after the password was changed in the form (OCPP 1.6 security whitepaper, A01;
 * OCPP 2.0.1 part 2, A01). How long the old one is accepted is decided in accepted-passwords.ts.
 */
import type { DriverEvent } from '../../driver.ts';
import type { Version } from '../messages.ts';
import type { StationLink } from '../ocpp-j/station-link.ts';
import { refusalOf, type StationCalls } from '../station/calls.ts';
import { toBytes } from './passwords.ts';

interface Setting {
  name: string;
  value: string;
}

/** AuthorizationKey: 32 to 40 hex digits of 16 to 20 bytes. Nobody knows what stations make of other passwords. */
const setting16 = (password: string): Setting | undefined => {
  const bytes = toBytes(password);
  return bytes.length >= 16 && bytes.length <= 20
    ? { name: 'AuthorizationKey', value: bytes.toString('hex') }
    : undefined;
};

/** passwordString: stations take 40 characters, and up to 64 where they say so. */
const setting2 = (password: string): Setting | undefined =>
  password.length >= 16 && password.length <= 64
    ? { name: 'SecurityCtrlr.BasicAuthPassword', value: password }
    : undefined;

const unfit: Record<Version, string> = {
  '1.6': 'OCPP 1.6 can be told one of 16 to 20 characters, or 32 to 40 hex digits',
  '2.0.1': 'OCPP 2.0.1 can be told one of 16 to 64 characters',
  '2.1': 'OCPP 2.1 can be told one of 16 to 64 characters',
};

/**
 * Tells a station the password that is set up here.
 * @param password undefined: none is known
 * @returns the event of the outcome; undefined where the station has come with that password, or did not answer and is
 * told again with its next connection
 */
export const renewPassword = async (
  password: string | undefined,
  { version, peer }: StationLink,
  calls: StationCalls,
): Promise<DriverEvent | undefined> => {
  if (password === undefined || peer.isPasswordNewest !== false) return undefined;
  const setting = version === '1.6' ? setting16(password) : setting2(password);
  const refused = (why: string): DriverEvent => ({
    name: 'password_refused',
    severity: 'warning',
    message: `the station keeps its old password, which stays right: ${why}`,
  });
  if (!setting) return refused(unfit[version]);
  const result = await calls.send({ kind: 'set_variables', variables: [setting] }).catch(refusalOf);
  if (!result) return undefined;
  const raw = result.variables?.[0]?.status ?? result.raw;
  if (!/^(accepted|reboot_?required)$/i.test(raw)) return refused(`it says ${raw}`);
  return {
    name: 'password_changed',
    severity: 'info',
    message: `the station has the new password${/^reboot/i.test(raw) ? ', and uses it after its next boot' : ''}`,
  };
};
