/** Decides who may come in, and as what: the checks between a handshake that could be read and a connection. */
import { KeyedTokenBuckets, type Rate } from '../../../common/rate-limit.ts';
import type { Clock } from '../../../model/time.ts';
import { type Version, versions } from '../messages.ts';
import type { Peer, StationHandler, StationSettings, UnknownStation } from '../ocpp-j/station-link.ts';
import { chooseVersion, type Handshake, readHandshake, type UpgradeRequest } from './handshake.ts';
import { findPasswordFault, isSlow, type Passwords } from './passwords.ts';
import type { Origin } from './proxy-headers.ts';
import { createRejection, type Rejection, rejectionOf } from './rejection-reasons.ts';
import { findTransportFault, needsPassword } from './security-profile.ts';
import type { StationRegistry } from './station-registry.ts';

export interface AdmissionLimits {
  /** Stations that are connected without being registered. */
  maxHeld: number;
  /** Handshakes of unknown identities, for each address. */
  unknownRate: Rate;
  /** Wrong passwords, for each identity at each address. */
  wrongRate: Rate;
  /** Pause before a station is told that its identity or password is wrong, ms: trying on and on is slow. */
  refusalMs: number;
}

export interface AdmissionOptions extends AdmissionLimits {
  passwords: Passwords;
  /** @returns who handles a station that nobody registered, or undefined to refuse it (404) */
  unknown?: ((station: UnknownStation) => StationHandler | undefined) | undefined;
  /** Whether somebody has refused a station that nobody registered (403). */
  isRejected(identity: string): boolean;
}

/** A station that may come in. */
export interface Admitted {
  ok: true;
  identity: string;
  version: Version;
  subProtocol: string | undefined;
  peer: Peer;
  /** Handles an unknown station. */
  holder: StationHandler | undefined;
}

export type AdmissionResult = Admitted | ({ ok: false; identity?: string } & Rejection);

const busy = createRejection('busy');
const byHand = createRejection('by_hand');
const preparing = createRejection('password_in_work');
const settingsChanged = createRejection('settings_changed');

/** HTTP statuses for who tries identities and passwords. */
const statusesOfGuesses = new Set([401, 404]);

/** Why there is no password to be checked. */
const noPassword = {
  none: createRejection('no_password'),
  unreadable: createRejection('not_basic'),
  other_user: createRejection('other_user'),
};

const peerOf = ({ address, isSecure, certificate }: Origin, hasPassword: boolean): Peer => ({
  address,
  isSecure,
  hasPassword,
  ...(certificate !== undefined && { certificate }),
});

/** The admission of one server. */
export class Admission {
  private readonly stations: StationRegistry;
  private readonly options: AdmissionOptions;
  private readonly clock: Clock;
  private readonly unknownBuckets: KeyedTokenBuckets;
  private readonly wrongBuckets: KeyedTokenBuckets;
  private readonly decoys: { chosen: string; generated: string };

  constructor(stations: StationRegistry, options: AdmissionOptions, clock: Clock) {
    const { passwords, unknownRate, wrongRate } = options;
    this.stations = stations;
    this.options = options;
    this.clock = clock;
    this.unknownBuckets = new KeyedTokenBuckets(unknownRate);
    this.wrongBuckets = new KeyedTokenBuckets(wrongRate);
    this.decoys = { chosen: passwords.decoy('chosen'), generated: passwords.decoy('generated') };
  }

  async admit(request: UpgradeRequest, origin: Origin): Promise<AdmissionResult> {
    const read = readHandshake(request);
    if (!read.ok) return read;
    const { handshake } = read;
    const { identity } = handshake;
    const settings = this.stations.settingsOf(identity);
    const result = settings
      ? await this.admitKnown(handshake, settings, origin)
      : await this.admitUnknown(handshake, origin);
    if (!('status' in result)) return result;
    const { refusalMs } = this.options;
    if (refusalMs > 0 && statusesOfGuesses.has(result.status))
      await new Promise<void>((resolve) => this.clock.after(refusalMs, resolve));
    return { ...result, ok: false, identity };
  }

  private async admitKnown(
    handshake: Handshake,
    settings: StationSettings,
    origin: Origin,
  ): Promise<Admitted | Rejection> {
    const { identity, offered } = handshake;
    const fault = findTransportFault(settings, identity, origin);
    if (fault) return rejectionOf(fault);
    if (settings.isPreparing) return preparing;
    const choice = chooseVersion(offered, settings.versions, settings.isVersionAssumed ?? false);
    const peer = peerOf(origin, needsPassword(settings));
    if (needsPassword(settings)) {
      const index = await this.findPassword(handshake, settings, origin);
      if (typeof index !== 'number') return index;
      if (this.stations.settingsOf(identity) !== settings) return settingsChanged;
      const proven = settings.passwords?.[index];
      if (proven !== undefined) peer.provenPassword = proven;
      if (choice.ok && index === 0) this.stations.forgetOldPasswords(identity);
    }
    return choice.ok ? { ...choice, identity, peer, holder: undefined } : choice;
  }

  /** @returns the place of the password that was proved, the newest being 0; or why none was */
  private async findPassword(
    { identity, credentials }: Handshake,
    settings: StationSettings,
    origin: Origin,
  ): Promise<number | Rejection> {
    if (credentials.kind !== 'password') return noPassword[credentials.kind];
    const wrong = this.wrongBuckets.bucketOf(JSON.stringify([origin.address, identity]), this.clock.monotonic());
    // Counted before the password is known to be wrong: many tries at once are not fewer.
    if (!wrong.take(this.clock.monotonic())) return createRejection('wrong_too_often');
    for (const [index, verifier] of (settings.passwords ?? []).entries()) {
      const isRight = await this.options.passwords.verify(verifier, credentials.password);
      if (isRight === false) continue;
      wrong.giveBack();
      return isRight ? index : busy;
    }
    return createRejection('wrong_password');
  }

  private async admitUnknown(handshake: Handshake, origin: Origin): Promise<Admitted | Rejection> {
    const { identity, offered, credentials } = handshake;
    // A rejected station takes nothing from the rate: the others behind its address may be welcome.
    if (this.options.isRejected(identity)) return byHand;
    const now = this.clock.monotonic();
    if (!this.unknownBuckets.bucketOf(origin.address, now).take(now)) return createRejection('strangers_too_often');
    const hasPassword = credentials.kind === 'password';
    const weighed = hasPassword ? await this.weigh(credentials.password) : {};
    if (!weighed) return busy;
    const refused = createRejection('unknown', { identity });
    if (!this.options.unknown) return refused;
    const choice = chooseVersion(offered, versions, false);
    if (!choice.ok) return choice;
    const fault = this.findHoldFault(identity);
    if (fault) return fault;
    const peer: Peer = { ...peerOf(origin, hasPassword), ...weighed };
    const holder = this.options.unknown({ identity, version: choice.version, peer });
    return holder ? { ...choice, identity, peer, holder } : refused;
  }

  /** An unknown identity costs as much time as a wrong password. @returns undefined while too many are computed */
  private async weigh(password: Buffer): Promise<Pick<Peer, 'offeredPassword' | 'isOfferedWeak'> | undefined> {
    const { unknown, passwords } = this.options;
    if (unknown) {
      const offeredPassword = await passwords.protect(password, 'chosen');
      if (offeredPassword === undefined) return undefined;
      return { offeredPassword, isOfferedWeak: findPasswordFault(password, false) !== undefined };
    }
    const hasSlow = this.stations.allSettings().some((settings) => settings.passwords?.some(isSlow));
    const isDone = await passwords.verify(this.decoys[hasSlow ? 'chosen' : 'generated'], password);
    return isDone === undefined ? undefined : {};
  }

  /** The station may have been registered or refused while its password was computed. */
  private findHoldFault(identity: string): Rejection | undefined {
    const { stations, options } = this;
    if (stations.settingsOf(identity)) return settingsChanged;
    if (options.isRejected(identity)) return byHand;
    if (!stations.isHeld(identity) && stations.heldCount() >= options.maxHeld)
      return createRejection('too_many_wait', { max: options.maxHeld });
    return undefined;
  }
}
