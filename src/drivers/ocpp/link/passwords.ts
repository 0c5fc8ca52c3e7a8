/**
 * Passwords of stations: only verifiers of them are kept. A chosen password is guarded by scrypt; one that was
 * generated here cannot be guessed, and a keyed hash of it lets a thousand stations reconnect at once.
 */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { hexPassword, passwordLimits } from '../codec/limits.ts';
import { createTurnstile, type Turnstile } from './turnstile.ts';

export interface Passwords {
  /**
   * Of a password that was set up here: it takes its time, however many there are.
   * @param known that is returned where it fits
   */
  verifierOf(password: string, known?: string): Promise<string>;
  /** @returns the verifier; undefined while too many are being computed */
  protect(password: string | Buffer, kind: 'chosen' | 'generated'): Promise<string | undefined>;
  /**
   * One computation, whatever comes of it; a chosen password that was right once is known by a keyed hash from then on.
   * @param given as it came over the wire
   * @returns undefined while too many are being computed
   */
  verify(verifier: string, given: Buffer): Promise<boolean | undefined>;
  /** A verifier that no password fits, for work that is to look like any other. */
  decoy(kind: 'chosen' | 'generated'): string;
}

const { min: shortestBytes, max: longestBytes } = passwordLimits;
/** N = 2^14, r = 8: 16 MB and some 50 ms for each. */
const cost = { log2N: 14, r: 8, p: 1 };
const atOnce = 2;
const maxWaiting = 64;
const rememberedMax = 5000;

/**
 * The bytes that are compared. OCPP 1.6 security whitepaper: AuthorizationKey is written as 32..40 hex digits and sent
 * as bytes, but many boxes send the digits themselves: both become the same bytes.
 */
export const toBytes = (password: string | Buffer): Buffer => {
  const bytes = Buffer.from(password as string);
  const text = bytes.length <= 40 ? bytes.toString('latin1') : '';
  return hexPassword.test(text) ? Buffer.from(text, 'hex') : bytes;
};

/** A password that all versions can take: 16 bytes, written as 32 hex digits. */
export const generatePassword = (): string => randomBytes(16).toString('hex');

/** What nobody would choose: its hex digits are as many as those of one that was generated. */
const isGenerated = (password: string): boolean => /^[0-9a-f]{32,40}$/.test(password);

/** @returns what is wrong with a chosen password, in words */
export const findPasswordFault = (password: string | Buffer, isWeakAllowed: boolean): string | undefined => {
  const { length } = toBytes(password);
  if (length === 0) return 'the password is empty';
  if (length > longestBytes) return `the password is longer than ${longestBytes} bytes`;
  if (length < shortestBytes && !isWeakAllowed)
    return `the password has ${length} characters, at least ${shortestBytes} are needed`;
  return undefined;
};

type Verifier = { kind: 'hmac'; hash: Buffer } | { kind: 'scrypt'; cost: typeof cost; salt: Buffer; hash: Buffer };

const hmacPattern = /^hmac-sha256:([\w-]{43})$/;
const scryptPattern = /^scrypt:(1[0-7]):(8):([1-4]):([\w-]{22}):([\w-]{43})$/;

const parseVerifier = (text: string): Verifier | undefined => {
  const hmac = hmacPattern.exec(text);
  if (hmac?.[1]) return { kind: 'hmac', hash: Buffer.from(hmac[1], 'base64url') };
  const [, log2N, r, p, salt = '', hash = ''] = scryptPattern.exec(text) ?? [];
  if (log2N === undefined) return undefined;
  return {
    kind: 'scrypt',
    cost: { log2N: Number(log2N), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt, 'base64url'),
    hash: Buffer.from(hash, 'base64url'),
  };
};

export const isVerifier = (text: string): boolean => parseVerifier(text) !== undefined;

/** @returns whether its check takes long */
export const isSlow = (verifier: string): boolean => verifier.startsWith('scrypt:');

const writeScrypt = ({ log2N, r, p }: typeof cost, salt: Buffer, hash: Buffer): string =>
  `scrypt:${log2N}:${r}:${p}:${salt.toString('base64url')}:${hash.toString('base64url')}`;

const writeHmac = (hash: Buffer): string => `hmac-sha256:${hash.toString('base64url')}`;

const hashSlowly = (bytes: Buffer, salt: Buffer, { log2N, r, p }: typeof cost): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const N = 2 ** log2N;
    const done = (error: Error | null, hash: Buffer): void => (error ? reject(error) : resolve(hash));
    scrypt(bytes, salt, 32, { N, r, p, maxmem: 256 * N * r }, done);
  });

/** @param key secret of the installation: who reads the verifiers alone cannot try passwords of the fast kind */
export const createPasswords = (key: Buffer): Passwords => {
  const turnstile = createTurnstile(atOnce, maxWaiting);
  /** By verifier, what proved to be right in this process. Its key dies with the process. */
  const remembered = new Map<string, Buffer>();
  const passingKey = randomBytes(32);

  const remember = (verifier: string, digest: Buffer): void => {
    const [oldest] = remembered.keys();
    if (remembered.size >= rememberedMax && oldest !== undefined) remembered.delete(oldest);
    remembered.set(verifier, digest);
  };

  const digest = (bytes: Buffer, by: Buffer): Buffer => createHmac('sha256', by).update(bytes).digest();

  const protectFast = (bytes: Buffer): string => writeHmac(digest(bytes, key));

  const protectSlowly = async (bytes: Buffer): Promise<string> => {
    const salt = randomBytes(16);
    return writeScrypt(cost, salt, await hashSlowly(bytes, salt, cost));
  };

  const verify = async (run: Turnstile['run'], text: string, given: Buffer): Promise<boolean | undefined> => {
    const verifier = parseVerifier(text);
    if (!verifier || given.length > longestBytes) return false;
    const bytes = toBytes(given);
    if (verifier.kind === 'hmac') return timingSafeEqual(digest(bytes, key), verifier.hash);
    const passing = digest(bytes, passingKey);
    const known = remembered.get(text);
    if (known && timingSafeEqual(known, passing)) return true;
    const hash = await run(() => hashSlowly(bytes, verifier.salt, verifier.cost));
    if (!hash) return undefined;
    const isRight = timingSafeEqual(hash, verifier.hash);
    if (isRight) remember(text, passing);
    return isRight;
  };

  return {
    async verifierOf(password, known) {
      const { runInTurn } = turnstile;
      if (known !== undefined && (await verify(runInTurn, known, Buffer.from(password)))) return known;
      const bytes = toBytes(password);
      return isGenerated(password) ? protectFast(bytes) : runInTurn(() => protectSlowly(bytes));
    },
    async protect(password, kind) {
      const bytes = toBytes(password);
      return kind === 'generated' ? protectFast(bytes) : turnstile.run(() => protectSlowly(bytes));
    },
    verify: (text, given) => verify(turnstile.run, text, given),
    decoy: (kind) =>
      kind === 'chosen' ? writeScrypt(cost, randomBytes(16), randomBytes(32)) : writeHmac(randomBytes(32)),
  };
};
