/** "Why did my station not connect": the handshakes that were refused last, with the reason and no secrets. */
import { TokenBucket } from '../../../common/rate-limit.ts';
import type { Clock } from '../../../model/time.ts';
import { toPlainText } from '../ocpp-j/plain-text.ts';
import { type Reason, sentenceOf } from './rejection-reasons.ts';

export interface RejectedHandshake {
  /** IP address. */
  address: string;
  /** As far as one could be read. */
  identity?: string;
  reason: Reason;
}

export interface LoggedRejection extends Reason {
  address: string;
  identity?: string;
  /** The code and its values as an English sentence. */
  sentence: string;
  /** When the last one came: wall clock, ms since 1970. */
  at: number;
  /** How often the same was refused. */
  count: number;
}

export interface RejectionLogOptions {
  /** Entries that are kept. */
  maxEntries: number;
  /** Entries that one address may fill: the others stay to be seen. */
  maxPerAddress: number;
  /** Told of a rejection that is new, for a log. */
  onRejected(rejection: LoggedRejection): void;
}

const usualOptions: RejectionLogOptions = { maxEntries: 100, maxPerAddress: 25, onRejected: () => {} };

/** Characters. */
const longest = { sentence: 300, value: 150, identity: 48 };

/** Strangers must not fill a log. */
const tellRate = { perS: 0.1, burst: 20 };

const toPlainReason = ({ code, params }: Reason): Reason => ({
  code,
  ...(params && {
    params: Object.fromEntries(
      Object.entries(params).map(([name, value]) => [
        name,
        typeof value === 'string' ? toPlainText(value, longest.value) : value,
      ]),
    ),
  }),
});

/** The refused handshakes of one server. */
export class RejectionLog {
  private readonly clock: Clock;
  private readonly options: RejectionLogOptions;
  private readonly entries = new Map<string, LoggedRejection>();
  private readonly tells: TokenBucket;

  constructor(clock: Clock, options: Partial<RejectionLogOptions> = {}) {
    this.clock = clock;
    this.options = { ...usualOptions, ...options };
    this.tells = new TokenBucket(tellRate, clock.monotonic());
  }

  add({ address, identity, reason }: RejectedHandshake): void {
    const plain = toPlainReason(reason);
    const handshake = {
      address,
      ...(identity !== undefined && { identity: toPlainText(identity, longest.identity) }),
      ...plain,
      sentence: toPlainText(sentenceOf(plain), longest.sentence),
    };
    const key = JSON.stringify([address, handshake.identity, handshake.sentence]);
    const count = (this.entries.get(key)?.count ?? 0) + 1;
    const rejection = { ...handshake, at: this.clock.now(), count };
    this.entries.delete(key);
    this.entries.set(key, rejection);
    this.makeRoom(address);
    if (count === 1 && this.tells.take(this.clock.monotonic())) this.options.onRejected(rejection);
  }

  /** The newest first. */
  list(): LoggedRejection[] {
    return [...this.entries.values()].reverse();
  }

  private makeRoom(address: string): void {
    const { maxEntries, maxPerAddress } = this.options;
    const own = [...this.entries].filter(([, entry]) => entry.address === address);
    const [oldest] = own.length > maxPerAddress ? own : this.entries.size > maxEntries ? this.entries : [];
    if (oldest) this.entries.delete(oldest[0]);
  }
}
