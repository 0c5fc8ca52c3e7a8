/** Small identities: which run of a publisher a message belongs to, and which event it is. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Chosen once per publisher start: six letters and digits. */
export const createBoot = (): string => Array.from(randomBytes(6), (byte) => letters[byte % letters.length]).join('');

export const createEventId = (): string => randomUUID();

/** Tags of people are personal data: what leaves the bridge cannot be read back. */
export const hashTag = (tag: string): string => createHash('sha256').update(tag).digest('hex').slice(0, 16);
