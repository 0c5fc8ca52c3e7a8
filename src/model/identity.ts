/** Small identities: which run of a publisher a message belongs to, which event it is, and whose tag it was. */
import { createHash } from 'node:crypto';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Chosen once per publisher start: six letters and digits. */
export const createBoot = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => letters[byte % letters.length]).join('');

/** @returns a new id for an event */
export const createEventId = (): string => crypto.randomUUID();

const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** The same facts always have the same id: told again after a crash, an event is known for the same one. */
export const eventIdOf = (...facts: string[]): string => digest(JSON.stringify(facts)).slice(0, 32);

/** Tags of people are personal data: what leaves the bridge cannot be read back. */
export const hashTag = (tag: string): string => digest(tag).slice(0, 16);
