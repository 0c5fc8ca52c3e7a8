/** The surroundings that the limits of one station are made in. Its functions are shared by all stations. */
import type { Clock } from '../../../model/time.ts';
import type { Progress } from '../../driver.ts';
import type { ForeignLimits } from '../forward/foreign.ts';
import type { Quirks } from '../quirks.ts';
import type { Asker } from '../station/asking.ts';
import type { Connector } from '../station/connector.ts';
import type { Memory } from '../station/memory.ts';
import type { LimitCheck } from './limit-check.ts';
import type { Line, Lines } from './lines.ts';
import type { Prober } from './prober.ts';
import { fallbackOf, type LimitSettings } from './settings.ts';
import type { TakeOver } from './take-over.ts';
import type { Translation } from './translation.ts';

export interface LimitSink {
  evses(): number[];
  connector(evse: number): Connector;
  /** The transaction that runs there. */
  transaction(evse: number): string | undefined;
  /** When it began, ms. */
  begun(evse: number): number | undefined;
  /** Starts a session where pausing ended it. */
  restart(evse: number): Promise<unknown>;
  /** It does not hold what it was told. */
  drifted(evse: number, what: string): void;
  progressed(evse: number, progress: Progress): void;
  /** It offers less than it is told, whatever it is told; undefined: it does not any more. */
  stationLimit(evse: number, what: string | undefined): void;
}

export interface Limiting {
  settings: LimitSettings;
  asker: Asker;
  memory: Memory;
  quirks(): Quirks;
  takeOver: Pick<TakeOver, 'holds'>;
  foreign: ForeignLimits;
  clock: Clock;
  sink: LimitSink;
  prober: Prober;
  lines: Lines;
  translation: Translation;
  check: LimitCheck;
}

/** Time that counts for a station that does not fall back by itself, and is told again for another reason, s. */
const usualFallbackS = 300;

/** Twice in the time after which a station falls back by itself, it is told again; ms. */
export const refreshMs = ({ settings, quirks }: Limiting): number =>
  (fallbackOf(settings, quirks()) ?? usualFallbackS) * 500;

export const isRefreshDue = (limiting: Limiting, { sent }: Line): boolean =>
  sent !== undefined && limiting.clock.monotonic() - sent.at >= refreshMs(limiting);
