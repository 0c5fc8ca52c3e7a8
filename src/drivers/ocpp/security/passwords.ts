/**
 * Passwords of stations, of which only verifiers are kept. A chosen password is guarded by scrypt; one that was
 * generated here cannot be guessed, and a keyed hash of it lets a thousand stations reconnect at once.
 */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { Semaphore } from '../../../common/semaphore.ts';
import { hexPassword, passwordLimits } from '../codec/limits.ts';

const { min: shortestBytes, max: longestBytes } = passwordLimits;
/** N = 2^14, r = 8: 16 MB and some 50 ms for each. */
const cost = { log2N: 14, r: 8, p: 1 };
/** scrypt computations that run, and handshakes that wait for one. */
const atOnce = 2;
const maxWaiting = 64;
/** Passwords that are known to be right. */
const rememberedMax = 5000;

/**
 * The bytes that are compared. OCPP 1.6 security whitepaper: AuthorizationKey is written as 32..40 hex digits and sent
 * as bytes, but many stations send the digits themselves: both become the same bytes.
 */
export const toBytes = (password: string | Buffer): Buffer => {
  const bytes = Buffer.from(password as string);
  const text = bytes.length <= 40 ? bytes.toString('latin1') : '';
  return hexPassword.test(text) ? Buffer.from(text, 'hex') : bytes;
};

/** Nobody would choose such a password: it has as many hex digits as one that was generated. */
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

/** @returns whether a text is a verifier that this version can read */
export const isVerifier = (text: string): boolean => parseVerifier(text) !== undefined;

/** @returns whether the check of a password takes some 50 ms */
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

/** How a verifier is made: slowly, as guessing a chosen password must be, or fast. */
export type PasswordKind = 'chosen' | 'generated';

/** Runs one scrypt computation; undefined where too many wait. */
type RunSlow = (work: () => Promise<Buffer>) => Promise<Buffer | undefined>;

const digest = (bytes: Buffer, key: Buffer): Buffer => createHmac('sha256', key).update(bytes).digest();

/** Makes and checks the verifiers of one server. */
export class Passwords {
  private readonly key: Buffer;
  private readonly semaphore = new Semaphore(atOnce, maxWaiting);
  /** Keyed hashes of passwords that proved to be right in this process, by their verifier. */
  private readonly remembered = new Map<string, Buffer>();
  /** Key of these hashes, which dies with the process. */
  private readonly processKey = randomBytes(32);
  private readonly runNow: RunSlow = (work) => this.semaphore.tryRun(work);
  private readonly runInTurn: RunSlow = (work) => this.semaphore.run(work);

  /** @param key secret of the installation: who reads the verifiers alone cannot try passwords of the fast kind */
  constructor(key: Buffer) {
    this.key = key;
  }

  /**
   * Makes the verifier of a password that was set up here; that takes its time, however many there are.
   * @param known the verifier that is returned where it fits
   */
  async verifierOf(password: string, known?: string): Promise<string> {
    if (known !== undefined && (await this.check(known, Buffer.from(password), this.runInTurn))) return known;
    const bytes = toBytes(password);
    return isGenerated(password) ? this.protectFast(bytes) : this.semaphore.run(() => this.protectSlowly(bytes));
  }

  /** @returns the verifier; undefined while too many are being computed */
  async protect(password: string | Buffer, kind: PasswordKind): Promise<string | undefined> {
    const bytes = toBytes(password);
    return kind === 'generated' ? this.protectFast(bytes) : this.semaphore.tryRun(() => this.protectSlowly(bytes));
  }

  /**
   * One computation, whatever comes of it; a chosen password that was right once is known by a keyed hash from then on.
   * @param given as it came over the wire
   * @returns undefined while too many are being computed
   */
  verify(verifier: string, given: Buffer): Promise<boolean | undefined> {
    return this.check(verifier, given, this.runNow);
  }

  /** @returns a verifier that no password fits, for work that is to look like any other */
  decoy(kind: PasswordKind): string {
    return kind === 'chosen' ? writeScrypt(cost, randomBytes(16), randomBytes(32)) : writeHmac(randomBytes(32));
  }

  private protectFast(bytes: Buffer): string {
    return writeHmac(digest(bytes, this.key));
  }

  private async protectSlowly(bytes: Buffer): Promise<string> {
    const salt = randomBytes(16);
    return writeScrypt(cost, salt, await hashSlowly(bytes, salt, cost));
  }

  private async check(text: string, given: Buffer, run: RunSlow): Promise<boolean | undefined> {
    const verifier = parseVerifier(text);
    if (!verifier || given.length > longestBytes) return false;
    const bytes = toBytes(given);
    if (verifier.kind === 'hmac') return timingSafeEqual(digest(bytes, this.key), verifier.hash);
    const passing = digest(bytes, this.processKey);
    const known = this.remembered.get(text);
    if (known && timingSafeEqual(known, passing)) return true;
    const hash = await run(() => hashSlowly(bytes, verifier.salt, verifier.cost));
    if (!hash) return undefined;
    const isRight = timingSafeEqual(hash, verifier.hash);
    if (isRight) this.remember(text, passing);
    return isRight;
  }

  private remember(verifier: string, passing: Buffer): void {
    const [oldest] = this.remembered.keys();
    if (this.remembered.size >= rememberedMax && oldest !== undefined) this.remembered.delete(oldest);
    this.remembered.set(verifier, passing);
  }
}
