/**
 * A station that somebody has set up is registered from the beginning on, while its password is still being worked on:
 * nobody takes it for a stranger. What protects the password is made once, and again where it was changed.
 */
import type { StationSettings } from './link.ts';
import { findPasswordFault, type Passwords } from './passwords.ts';
import { needsPassword } from './requirements.ts';

export interface StationEntry {
  settings: Omit<StationSettings, 'passwords' | 'isPreparing'>;
  /** As it was typed. */
  password: string;
  isWeakAllowed: boolean;
  /** What is kept of the last password. */
  verifier: string | undefined;
  /** And of those before, with which the station may still come. */
  before: readonly string[];
  /** None of those before is right any more. */
  isOldShutOut: boolean;
  /** That was never typed: the station came with it, and somebody trusted it. */
  isAdopted: boolean;
}

export interface Registrar {
  passwords: Passwords;
  register(settings: StationSettings): { remove(): void };
  /** To be given with the next entry: made of what was typed. */
  remember(verifier: string, before: readonly string[]): void;
}

export interface Registration {
  /** Rejects with what is wrong with the password, in words; the last one stays right. */
  done: Promise<void>;
  remove(): void;
}

/** More are not kept: each of them is tried at a handshake. */
const mostBefore = 2;

export const enterStation = (
  { settings, password, isWeakAllowed, verifier, before, isOldShutOut, isAdopted }: StationEntry,
  { passwords, register, remember }: Registrar,
): Registration => {
  if (!needsPassword(settings)) {
    const { remove } = register(settings);
    return { done: Promise.resolve(), remove };
  }
  let current: { remove(): void } | undefined;
  let isRemoved = false;
  const enter = (next: Pick<StationSettings, 'passwords' | 'isPreparing'>): void => {
    current?.remove();
    const [newest] = next.passwords ?? [];
    const newestTaken = (): void => {
      if (newest !== undefined) remember(newest, []);
    };
    current = register({ ...settings, ...next, newestTaken });
  };

  const run = async (): Promise<void> => {
    const known = verifier === undefined ? [] : [verifier, ...(isOldShutOut ? [] : before)];
    if (isAdopted && password === '' && verifier !== undefined) {
      enter({ passwords: known });
      return;
    }
    const fault = findPasswordFault(password, isWeakAllowed);
    if (known.length > 0) enter({ passwords: known });
    else if (fault === undefined) enter({ isPreparing: true });
    if (fault !== undefined) throw new Error(fault);
    const made = await passwords.verifierOf(password, verifier);
    if (isRemoved || made === verifier) return;
    const older = isOldShutOut ? [] : known.slice(0, mostBefore);
    remember(made, older);
    enter({ passwords: [made, ...older] });
  };

  return {
    done: run(),
    remove() {
      isRemoved = true;
      current?.remove();
    },
  };
};
