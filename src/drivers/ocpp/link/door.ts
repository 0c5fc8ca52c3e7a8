/** Who may come in, and as what: the checks between a handshake that could be read and a connection. */
import { KeyedTokenBuckets, type Rate } from '../../../common/rate-limit.ts';
import type { Clock } from '../../../model/time.ts';
import { type Version, versions } from '../words.ts';
import { type Choice, chooseVersion, type Handshake, readHandshake, type UpgradeRequest } from './handshake.ts';
import type { Peer, StationHandler, StationSettings, UnknownStation } from './link.ts';
import type { Origin } from './origin.ts';
import { findPasswordFault, isSlow, type Passwords } from './passwords.ts';
import { type Objection, object } from './reasons.ts';
import { findTransportFault, needsPassword } from './requirements.ts';
import type { Stations } from './stations.ts';

export interface DoorOptions {
  /** @returns who holds a station that nobody registered, or undefined to refuse it */
  unknown: ((station: UnknownStation) => StationHandler | undefined) | undefined;
  /** Whether somebody has refused a station that nobody registered. */
  isRejected: (identity: string) => boolean;
  maxHeld: number;
  /** Handshakes of unknown identities, for each address. */
  unknownRate: Rate;
  /** Wrong passwords, for each identity at each address. */
  wrongRate: Rate;
  /** Before one who is not let in for what he is or knows is told so, ms: trying on and on is slow. */
  refusalMs: number;
}

export interface Guest {
  ok: true;
  identity: string;
  version: Version;
  subProtocol: string | undefined;
  peer: Peer;
  /** Of an unknown station. */
  holder: StationHandler | undefined;
}

export type Admission = Guest | ({ ok: false; identity?: string } & Objection);

export interface Door {
  admit(request: UpgradeRequest, origin: Origin): Promise<Admission>;
}

const busy = object(503, 'busy');
const byHand = object(403, 'by_hand');
const preparing = object(503, 'password_in_work');
const settingsChanged = object(503, 'settings_changed');

/** What somebody is told who tries identities and passwords. */
const guessed = new Set([401, 404]);

/** Why there is no password to be checked. */
const missing = {
  none: object(401, 'no_password'),
  unreadable: object(401, 'not_basic'),
  other_user: object(401, 'other_user'),
};

export const createDoor = (stations: Stations, passwords: Passwords, options: DoorOptions, clock: Clock): Door => {
  const unknownBuckets = new KeyedTokenBuckets(options.unknownRate);
  const wrongBuckets = new KeyedTokenBuckets(options.wrongRate);
  const decoys = { chosen: passwords.decoy('chosen'), generated: passwords.decoy('generated') };

  /** An unknown identity costs as much as a wrong password. @returns what is kept of it, where it may be wanted */
  const weigh = async (password: Buffer): Promise<Pick<Peer, 'offeredPassword' | 'isOfferedWeak'> | undefined> => {
    if (options.unknown) {
      const offeredPassword = await passwords.protect(password, 'chosen');
      if (offeredPassword === undefined) return undefined;
      return { offeredPassword, isOfferedWeak: findPasswordFault(password, false) !== undefined };
    }
    const hasSlow = stations.all().some((settings) => settings.passwords?.some(isSlow));
    const isDone = await passwords.verify(decoys[hasSlow ? 'chosen' : 'generated'], password);
    return isDone === undefined ? undefined : {};
  };

  const peerOf = ({ address, isSecure, certificate }: Origin, hasPassword: boolean): Peer => ({
    address,
    isSecure,
    hasPassword,
    ...(certificate !== undefined && { certificate }),
  });

  const admitUnknown = async (
    { identity, offered, credentials }: Handshake,
    origin: Origin,
  ): Promise<Guest | Objection> => {
    // Not counted: the others behind its address may be welcome.
    if (options.isRejected(identity)) return byHand;
    const now = clock.monotonic();
    if (!unknownBuckets.bucketOf(origin.address, now).take(now)) return object(429, 'strangers_too_often');
    const hasPassword = credentials.kind === 'password';
    const weighed = hasPassword ? await weigh(credentials.password) : {};
    if (!weighed) return busy;
    const refused = object(404, 'unknown', { identity });
    if (!options.unknown) return refused;
    const choice: Choice = chooseVersion(offered, versions, false);
    if (!choice.ok) return choice;
    // It may have been registered or refused in the meantime.
    if (stations.settings(identity)) return settingsChanged;
    if (options.isRejected(identity)) return byHand;
    if (!stations.isHeld(identity) && stations.heldCount() >= options.maxHeld)
      return object(503, 'too_many_wait', { max: options.maxHeld });
    const peer: Peer = { ...peerOf(origin, hasPassword), ...weighed };
    const holder = options.unknown({ identity, version: choice.version, peer });
    return holder ? { ...choice, identity, peer, holder } : refused;
  };

  /** @returns which of the passwords it is, the newest being 0, or why none */
  const findPassword = async (
    { identity, credentials }: Handshake,
    settings: StationSettings,
    origin: Origin,
  ): Promise<number | Objection> => {
    if (credentials.kind !== 'password') return missing[credentials.kind];
    const wrong = wrongBuckets.bucketOf(JSON.stringify([origin.address, identity]), clock.monotonic());
    // Counted before it is known to be wrong: many at once are not fewer.
    if (!wrong.take(clock.monotonic())) return object(429, 'wrong_too_often');
    for (const [index, verifier] of (settings.passwords ?? []).entries()) {
      const isRight = await passwords.verify(verifier, credentials.password);
      if (isRight === false) continue;
      wrong.giveBack();
      return isRight ? index : busy;
    }
    return object(401, 'wrong_password');
  };

  const admitKnown = async (
    handshake: Handshake,
    settings: StationSettings,
    origin: Origin,
  ): Promise<Guest | Objection> => {
    const { identity, offered } = handshake;
    const fault = findTransportFault(settings, identity, origin);
    if (fault) return { status: 403, reason: fault };
    if (settings.isPreparing) return preparing;
    const choice = chooseVersion(offered, settings.versions, settings.isVersionAssumed ?? false);
    const peer = peerOf(origin, needsPassword(settings));
    if (needsPassword(settings)) {
      const index = await findPassword(handshake, settings, origin);
      if (typeof index !== 'number') return index;
      if (stations.settings(identity) !== settings) return settingsChanged;
      const proven = settings.passwords?.[index];
      if (proven !== undefined) peer.provenPassword = proven;
      if (choice.ok && index === 0) stations.forgetOldPasswords(identity);
    }
    return choice.ok ? { ...choice, identity, peer, holder: undefined } : choice;
  };

  return {
    async admit(request, origin) {
      const read = readHandshake(request);
      if (!read.ok) return read;
      const { handshake } = read;
      const settings = stations.settings(handshake.identity);
      const answer = settings ? await admitKnown(handshake, settings, origin) : await admitUnknown(handshake, origin);
      if (!('status' in answer)) return answer;
      if (options.refusalMs > 0 && guessed.has(answer.status))
        await new Promise<void>((resolve) => clock.after(options.refusalMs, resolve));
      return { ...answer, ok: false, identity: handshake.identity };
    },
  };
};
