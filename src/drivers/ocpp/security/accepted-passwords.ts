/**
 * The passwords with which a station may log in: the one in the form, and those before it, until the station has logged
 * in with the newest one. A station that somebody has set up is registered from the beginning on, while the verifier of
 * its password is still being made: nobody takes it for a stranger.
 */
import type { StationSettings } from '../ocpp-j/station-link.ts';
import { findPasswordFault, type Passwords } from './passwords.ts';
import { needsPassword } from './security-profile.ts';

/** The passwords of a station that somebody has set up. */
export interface PasswordEntry {
  /** As it was typed. */
  password: string;
  isWeakAllowed: boolean;
  /** Verifier of the last password. */
  verifier: string | undefined;
  /** Verifiers of the passwords before, with which the station may still come. */
  before: readonly string[];
  /** None of the passwords before is right any more. */
  isOldShutOut: boolean;
  /** The last password was never typed: the station came with it, and somebody trusted it. */
  isAdopted: boolean;
}

export interface Registrar {
  passwords: Passwords;
  register(settings: StationSettings): { remove(): void };
  /** Keeps what was made of a typed password; to be given with the next entry. */
  remember(verifier: string, before: readonly string[]): void;
}

/** More passwords are not kept: each of them is tried at a handshake. */
const mostBefore = 2;

/** The registration of one station with the passwords that are right for it, from its set-up to its removal. */
export class AcceptedPasswords {
  /** Rejects with what is wrong with the password, in words; the last one stays right. */
  readonly done: Promise<void>;
  private readonly settings: StationSettings;
  private readonly entry: PasswordEntry;
  private readonly registrar: Registrar;
  private current: { remove(): void } | undefined;
  private isRemoved = false;

  constructor(
    settings: Omit<StationSettings, 'passwords' | 'isPreparing'>,
    entry: PasswordEntry,
    registrar: Registrar,
  ) {
    this.settings = settings;
    this.entry = entry;
    this.registrar = registrar;
    if (needsPassword(settings)) this.done = this.run();
    else {
      this.current = registrar.register(settings);
      this.done = Promise.resolve();
    }
  }

  remove(): void {
    this.isRemoved = true;
    this.current?.remove();
  }

  private async run(): Promise<void> {
    const { password, isWeakAllowed, verifier, before, isOldShutOut, isAdopted } = this.entry;
    const known = verifier === undefined ? [] : [verifier, ...(isOldShutOut ? [] : before)];
    if (isAdopted && password === '' && verifier !== undefined) {
      this.register({ passwords: known });
      return;
    }
    const fault = findPasswordFault(password, isWeakAllowed);
    if (known.length > 0) this.register({ passwords: known });
    else if (fault === undefined) this.register({ isPreparing: true });
    if (fault !== undefined) throw new Error(fault);
    const made = await this.registrar.passwords.verifierOf(password, verifier);
    if (this.isRemoved || made === verifier) return;
    const older = isOldShutOut ? [] : known.slice(0, mostBefore);
    this.registrar.remember(made, older);
    this.register({ passwords: [made, ...older] });
  }

  private register(passwords: Pick<StationSettings, 'passwords' | 'isPreparing'>): void {
    this.current?.remove();
    const [newest] = passwords.passwords ?? [];
    const onNewestProved = (): void => {
      if (newest !== undefined) this.registrar.remember(newest, []);
    };
    this.current = this.registrar.register({ ...this.settings, ...passwords, onNewestProved });
  }
}
