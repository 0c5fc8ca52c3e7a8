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
  /** That was never typed: the station came with it, and somebody trusted it. */
  isAdopted: boolean;
}

export interface Registrar {
  passwords: Passwords;
  register(settings: StationSettings): { remove(): void };
  /** To be given with the next entry: made of what was typed. */
  remember(verifier: string): void;
}

export interface Registration {
  /** Rejects with what is wrong with the password, in words; the last one stays right. */
  done: Promise<void>;
  remove(): void;
}

export const enterStation = (
  { settings, password, isWeakAllowed, verifier, isAdopted }: StationEntry,
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
    current = register({ ...settings, ...next });
  };

  const run = async (): Promise<void> => {
    if (isAdopted && password === '' && verifier !== undefined) {
      enter({ passwords: [verifier] });
      return;
    }
    const fault = findPasswordFault(password, isWeakAllowed);
    if (verifier !== undefined) enter({ passwords: [verifier] });
    else if (fault === undefined) enter({ isPreparing: true });
    if (fault !== undefined) throw new Error(fault);
    const made = await passwords.verifierOf(password, verifier);
    if (isRemoved || made === verifier) return;
    remember(made);
    enter({ passwords: [made] });
  };

  return {
    done: run(),
    remove() {
      isRemoved = true;
      current?.remove();
    },
  };
};
