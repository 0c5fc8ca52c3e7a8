/** The output of one EVSE: samples by channel, and its states, which are told when they change and from time to time. */
import type { Clock } from '../../../model/time.ts';
import type { Sample } from '../../driver.ts';
import type { PhaseRotation } from './phase-rotation.ts';
import { type QuantityChannels, repeatStatesS } from './quantity-channels.ts';

/** The settings that all EVSEs of a station share. */
export interface EvseContext {
  /** Phases of the installation. */
  phases: number;
  /** Phase of the grid at L1, L2, L3 of the installation. */
  phaseRotation: PhaseRotation;
  /** Limits of the installation, A per phase. */
  minCurrentA: number;
  maxCurrentA: number;
  /** Between two samples of the station. */
  intervalMs: number;
  /** Phases that the station supplies at an EVSE, where it says so. */
  supplyPhases(evse: number): number | undefined;
  channels: QuantityChannels;
  clock: Clock;
}

interface State {
  value: Sample['value'];
  raw: string | undefined;
}

/** Collects the samples of one EVSE until they are drained. */
export class EvseStates {
  private readonly evse: number;
  private readonly context: EvseContext;
  /** Samples since the last drain. */
  private readonly pending: Sample[] = [];
  /** When the last sample of each channel was measured, ms since 1970. */
  private readonly told: (number | undefined)[] = [];
  private readonly states = new Map<string, State>();
  /** No state has to be told again before this time, ms since 1970. */
  private repeatFrom = Number.POSITIVE_INFINITY;

  constructor(evse: number, context: EvseContext) {
    this.evse = evse;
    this.context = context;
  }

  push(sample: Sample): void {
    this.told[sample.channel] = sample.ts;
    this.pending.push(sample);
  }

  /** When the last sample of a channel was measured, ms since 1970; -Infinity: none was told. */
  toldAt(channel: number): number {
    return this.told[channel] ?? Number.NEGATIVE_INFINITY;
  }

  has(quantity: string): boolean {
    return this.states.has(quantity);
  }

  /** Tells a state where it is another than before. @param raw the station's own word for it */
  set(quantity: string, value: Sample['value'], raw?: string): void {
    const known = this.states.get(quantity);
    if (known && known.value === value && known.raw === raw) return;
    const state = { value, raw };
    this.states.set(quantity, state);
    this.tell(quantity, state);
  }

  /** Tells again what has not been told for long. @param now ms since 1970 */
  repeat(now: number): void {
    if (now < this.repeatFrom) return;
    this.repeatFrom = Number.POSITIVE_INFINITY;
    for (const [quantity, state] of this.states) {
      const channel = this.context.channels.channelOf(this.evse, quantity);
      if (channel === undefined) continue;
      const dueAt = (this.told[channel] ?? 0) + this.repeatMs(channel);
      if (now >= dueAt) this.tell(quantity, state);
      else this.repeatFrom = Math.min(this.repeatFrom, dueAt);
    }
  }

  /** Moves the samples since the last time to the end of a list. */
  drain(to: Sample[]): void {
    for (const sample of this.pending) to.push(sample);
    // The same list goes on: V8 soon makes one that lives until the next message in its old generation, where each list
    // that is garbage keeps its samples.
    this.pending.length = 0;
  }

  forget(): void {
    this.states.clear();
  }

  private repeatMs(channel: number): number {
    return (this.context.channels.all[channel]?.intervalS ?? repeatStatesS) * 1000;
  }

  private tell(quantity: string, { value, raw }: State): void {
    const { channels, clock } = this.context;
    const channel = channels.channelOf(this.evse, quantity);
    if (channel === undefined) return;
    const ts = clock.now();
    this.push(raw === undefined ? { channel, value, ts } : { channel, value, ts, raw });
    this.repeatFrom = Math.min(this.repeatFrom, ts + this.repeatMs(channel));
  }
}
