/** Small identities: which run of a publisher a message belongs to, and which event it is. */

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Chosen once per publisher start: six letters and digits. */
export const createBoot = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => letters[byte % letters.length]).join('');

export const createEventId = (): string => crypto.randomUUID();
