/**
 * Finds the profile of a device by trying those with an identity point: each reads what tells its devices apart, and is
 * out as soon as the device says something that none of them would. It reads only.
 */
import type { Value } from '../../../model/reading.ts';
import type { Clock } from '../../../model/time.ts';
import { defaultTimeoutMs } from '../codec/limits.ts';
import { isIllegalRequest, ModbusFailure } from '../failures.ts';
import type { ReadRequest } from '../messages.ts';
import { createPointReader } from '../polling/point-reader.ts';
import { planReads } from '../polling/read-plan.ts';
import { listProfiles, openProfile } from '../profiles/library.ts';
import type { Point } from '../profiles/point.ts';
import type { IdentityField } from '../profiles/point-schema.ts';
import type { ResolvedProfile } from '../profiles/resolve-profile.ts';
import type { Bus } from '../transport/bus/bus.ts';
import { type Evidence, identityEvidence, supplyEvidence } from './identity-evidence.ts';

/** A profile that fits a device. */
export interface ProfileFit {
  resolved: ResolvedProfile;
  /** Whether the device names itself, by a word or a code. Otherwise its numbers are only as they would be. */
  isNamed: boolean;
  /** The weight of everything that speaks for the profile. */
  weight: number;
  /** What the device tells of itself. */
  identity: Partial<Record<IdentityField, string>>;
}

/** The outcome for one unit. */
export type Identification =
  /** The unit gave no answer. */
  | { kind: 'silent' }
  /** The connection broke, and it is not known what fits. */
  | { kind: 'lost'; reason: string }
  | { kind: 'fits'; fit: ProfileFit }
  /** Several profiles fit alike, the likeliest first. */
  | { kind: 'ambiguous'; fits: ProfileFit[] }
  /** The unit answers, and no profile fits. */
  | { kind: 'unknown' };

/** The unit and what is tried on it. */
export interface IdentificationOptions {
  unit: number;
  profiles: readonly ResolvedProfile[];
  clock: Clock;
  signal: AbortSignal;
  timeoutMs?: number;
  /** Called after each profile. @param tried profiles so far */
  onTried?(tried: number): void;
}

/** The likeliest profile has to be ahead of the next one by this weight. */
const leadWeight = 10;
/**
 * Weight of a profile whose registers are all there, if the device refuses others: devices of other families have most of
 * them not.
 */
const layoutWeight = 20;
/** Profiles whose registers are all asked for: those that nothing speaks against, the likeliest first. */
const mostLayouts = 8;
/** Weight below which numbers are a coincidence. */
const leastWeight = 15;
/** Points of the supply that are looked at. */
const mostSupplyPoints = 4;
/** Requests without an answer in a row after which the unit is taken for silent, if it has never answered. */
const mostSilent = 2;

/** The reads of one identification: what several profiles ask for is asked once. */
class KnownReads {
  readonly #bus: Bus;
  readonly #signal: AbortSignal;
  readonly #outcomes = new Map<string, Buffer | ModbusFailure>();
  #answered: ReadRequest | undefined;
  #silent = 0;
  #lost: string | undefined;
  #hasRefused = false;

  constructor(bus: Bus, signal: AbortSignal) {
    this.#bus = bus;
    this.#signal = signal;
  }

  get lost(): string | undefined {
    return this.#lost;
  }

  /** Whether the unit refuses registers that it does not have; others answer 0 there. */
  get hasRefused(): boolean {
    return this.#hasRefused;
  }

  get isSilent(): boolean {
    return this.#answered === undefined && this.#silent >= mostSilent;
  }

  async read(request: ReadRequest): Promise<Buffer> {
    const key = `${request.table} ${request.address} ${request.count}`;
    const outcome = this.#outcomes.get(key) ?? (await this.#ask(request));
    this.#outcomes.set(key, outcome);
    if (outcome instanceof ModbusFailure) throw outcome;
    return outcome;
  }

  async #ask(request: ReadRequest): Promise<Buffer | ModbusFailure> {
    this.#signal.throwIfAborted();
    const outcome = await this.#send(request);
    const isSilent = outcome instanceof ModbusFailure && outcome.kind !== 'exception';
    this.#hasRefused ||= outcome instanceof ModbusFailure && isIllegalRequest(outcome);
    if (!isSilent) {
      this.#answered ??= request;
      this.#silent = 0;
      return outcome;
    }
    this.#silent++;
    if (outcome.kind === 'disconnected') this.#lost ??= outcome.message;
    // Devices that ignore what they do not have must not be taken for dead, nor their connection.
    if (this.#answered) await this.#send(this.#answered);
    return outcome;
  }

  async #send(request: ReadRequest): Promise<Buffer | ModbusFailure> {
    try {
      return await this.#bus.read(request);
    } catch (error) {
      if (error instanceof ModbusFailure) return error;
      throw error;
    }
  }
}

const isLookedAt = ({ source, isReadable }: Point): boolean => isReadable && source.identity !== undefined;

/** Whether a profile has a point by which its devices can be told. */
export const hasIdentity = ({ points }: ResolvedProfile): boolean => points.some(isLookedAt);

/**
 * Reads the library.
 * @param own folder with the integrator's profiles
 * @returns the profiles that can be told by what a device says, as their defaults have them
 */
export const identifiableProfiles = (own: string): ResolvedProfile[] =>
  listProfiles(own).flatMap(({ id }) => {
    const opened = openProfile({ id, own });
    return opened.ok && hasIdentity(opened.value) ? [opened.value] : [];
  });

/** The order in which identity points are asked: names and codes sort out most profiles with one request. */
const fieldOrder: readonly (IdentityField | undefined)[] = ['model', 'vendor', 'serial', 'firmware'];
const rank = ({ source }: Point): number => (fieldOrder.indexOf(source.identity) + 100) % 100;

const isVoltage = ({ target }: Point): boolean => target?.quantity === 'voltage';

const fitOf = async (resolved: ResolvedProfile, reads: KnownReads, unit: number): Promise<ProfileFit | undefined> => {
  const readPoints = createPointReader(resolved, reads, unit);
  const fit: ProfileFit = { resolved, isNamed: false, weight: 0, identity: {} };
  const read = async (point: Point): Promise<Value | 'refused'> => {
    try {
      return (await readPoints([point])).value(point);
    } catch (error) {
      if (error instanceof ModbusFailure) return 'refused';
      throw error;
    }
  };
  /** @returns whether the profile may still fit */
  const take = (evidence: Evidence): boolean => {
    if (evidence.kind === 'named') fit.isNamed = true;
    if (evidence.kind === 'plausible') fit.weight += evidence.weight;
    return evidence.kind !== 'contrary';
  };
  for (const point of resolved.points.filter(isLookedAt).sort((a, b) => rank(a) - rank(b))) {
    const value = await read(point);
    if (value === 'refused' && point.source.optional) continue;
    if (value === 'refused' || !take(identityEvidence(point, value, resolved.profile))) return undefined;
    const field = point.source.identity;
    if (field !== undefined && value !== null) fit.identity[field] = String(value);
  }
  const supply = [...resolved.alive].sort((a, b) => Number(isVoltage(a)) - Number(isVoltage(b)));
  for (const point of supply.slice(0, mostSupplyPoints)) {
    const value = await read(point);
    if (value !== 'refused' && !take(supplyEvidence(point, value))) return undefined;
  }
  return fit;
};

/** @returns the share of the requests for a device's registers that are answered, 0 to 1 */
const layoutShare = async ({ profile, points }: ResolvedProfile, reads: KnownReads, unit: number): Promise<number> => {
  const blocks = planReads(
    points.filter(({ isReadable, source }) => isReadable && !source.optional),
    profile,
  );
  let answered = 0;
  for (const { table, address, count } of blocks)
    try {
      await reads.read({ unit, table, address, count });
      answered++;
    } catch (error) {
      if (!(error instanceof ModbusFailure)) throw error;
    }
  return blocks.length === 0 ? 0 : answered / blocks.length;
};

const choose = (fits: readonly ProfileFit[]): Identification => {
  const named = fits.filter(({ isNamed }) => isNamed);
  const left = (named.length > 0 ? named : fits.filter(({ weight }) => weight >= leastWeight)).sort(
    (a, b) => b.weight - a.weight,
  );
  const [best, next] = left;
  if (!best) return { kind: 'unknown' };
  const isAhead = !next || best.weight - next.weight >= leadWeight;
  return isAhead ? { kind: 'fits', fit: best } : { kind: 'ambiguous', fits: left };
};

/**
 * Tries the profiles on one unit, which is attached for that time.
 * @throws the reason of the signal, if that is aborted
 */
export const identifyProfile = async (bus: Bus, options: IdentificationOptions): Promise<Identification> => {
  const { unit, profiles, signal, timeoutMs = defaultTimeoutMs, onTried } = options;
  const detach = bus.attach(unit, { timeoutMs, maxInFlight: 1, interRequestMs: 0 });
  const reads = new KnownReads(bus, signal);
  const fits: ProfileFit[] = [];
  try {
    for (const [n, resolved] of profiles.entries()) {
      const fit = await fitOf(resolved, reads, unit);
      if (reads.isSilent) return { kind: 'silent' };
      if (reads.lost !== undefined) return { kind: 'lost', reason: reads.lost };
      if (fit) fits.push(fit);
      onTried?.(n + 1);
    }
    const likely = [...fits].sort((a, b) => b.weight - a.weight).slice(0, mostLayouts);
    if (reads.hasRefused)
      for (const fit of likely) fit.weight += layoutWeight * (await layoutShare(fit.resolved, reads, unit)) ** 2;
  } finally {
    detach();
  }
  return choose(fits);
};
