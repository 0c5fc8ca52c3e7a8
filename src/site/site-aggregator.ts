/**
 * Aggregates a site: takes readings, meta and availability as they come, and publishes power, energy and status of the
 * whole. Time comes from the clock that is passed in; there is no I/O here.
 */
import type { Quality } from '../model/common.ts';
import type { Message } from '../model/message.ts';
import { type Clock, isoTime } from '../model/time.ts';
import { SiteEvents } from './alarms/site-events.ts';
import { type Evaluation, sitePowerFields, siteStatusFields } from './power/site-power.ts';
import type { SiteSnapshot } from './site-snapshot.ts';
import { SiteState, type StateOptions } from './site-state.ts';

/** Settings of a site and of its messages. */
export interface SiteOptions extends StateOptions {
  /** Run of the publisher. */
  boot: string;
  /** Shortest time between two messages of power. */
  powerEveryMs?: number;
  energyEveryMs?: number;
}

/** Receivers of what a site publishes. */
export interface SiteSink {
  values(messages: Message[]): void;
  events(messages: Message[]): void;
}

/** Clock and receivers of a site. */
export interface SiteContext {
  clock: Clock;
  sink: SiteSink;
  /** The snapshot of an earlier run. */
  saved?: SiteSnapshot | undefined;
}

/** A site at a glance. */
export interface SiteSummary {
  /** Number of topics whose values are used. */
  sources: number;
  /** Topics whose values are not good. */
  offenders: string[];
  /** Whether a device measures the connection to the grid, without which the balance is unknown. */
  hasGrid: boolean;
  quality: Quality;
}

const statusEveryMs = 60_000;
/** Time until which the first messages of all devices should have come, ms. */
const settleMs = 3000;
/** Values go stale without a message, so an unchanged site is updated this often, ms. */
const updateEveryMs = 1000;

/** Aggregates one site. */
export class SiteAggregator {
  readonly #site: string;
  readonly #boot: string;
  readonly #powerEveryMs: number;
  readonly #energyEveryMs: number;
  readonly #clock: Clock;
  readonly #sink: SiteSink;
  readonly #state: SiteState;
  /** Times below are monotonic ms. */
  readonly #startedAt: number;
  #updatedAt: number;
  #powerAt = Number.NEGATIVE_INFINITY;
  #energyAt: number;
  #statusAt = Number.NEGATIVE_INFINITY;
  /** The status that was last published, as text. */
  #statusText = '';
  #isChanged = false;
  readonly #sequences = { power: 0, energy: 0, status: 0 };

  constructor(options: SiteOptions, { clock, sink, saved }: SiteContext) {
    const { site, boot, powerEveryMs = 1000, energyEveryMs = 10_000 } = options;
    this.#site = site;
    this.#boot = boot;
    this.#powerEveryMs = powerEveryMs;
    this.#energyEveryMs = energyEveryMs;
    this.#clock = clock;
    this.#sink = sink;
    const events = new SiteEvents({ site, boot, clock, send: (messages) => sink.events(messages) });
    this.#state = new SiteState(options, { clock, events }, saved);
    this.#startedAt = clock.monotonic();
    this.#updatedAt = this.#startedAt;
    this.#energyAt = this.#startedAt;
  }

  /** Takes a message; those of other schemas mean nothing to a site. */
  take(message: Message): void {
    switch (message.schema) {
      case 'reading/1':
        if (this.#state.takeReading(message as Message<'reading/1'>)) this.#isChanged = true;
        break;
      case 'meta/1':
        if (this.#state.takeMeta(message as Message<'meta/1'>)) this.#isChanged = true;
        break;
      case 'availability/1':
        if (this.#state.takeAvailability(message as Message<'availability/1'>)) this.#isChanged = true;
        break;
      case 'site-energy/1':
        // Only energies that an earlier run has published are news to this one.
        if (message.topic === `sites/${this.#site}/energy` && message.boot !== this.#boot)
          this.#state.takeEnergy(message as Message<'site-energy/1'>);
        break;
      default:
        break;
    }
  }

  /** Removes a device from the balance; its energy stays in the totals. */
  forget(device: string): void {
    this.#state.forget(device);
    this.#isChanged = true;
  }

  /** Publishes what is due; called several times per second. */
  tick(): void {
    const at = this.#clock.monotonic();
    const { hasSources } = this.#state;
    if (at - this.#startedAt < settleMs || !hasSources) {
      this.#updatedAt = at;
      if (!hasSources) this.#publishEmpty(at);
      return;
    }
    if (!this.#isPowerDue(at) && at - this.#updatedAt < updateEveryMs) return;
    const evaluation = this.#state.update(at - this.#updatedAt);
    this.#updatedAt = at;
    const messages: Message[] = this.#statusMessages(evaluation, at);
    // A value that silently went stale changes the sum as well.
    this.#isChanged ||= messages.length > 0;
    if (this.#isPowerDue(at)) {
      this.#isChanged = false;
      this.#powerAt = at;
      messages.push(this.#powerMessage(evaluation));
    }
    if (at - this.#energyAt >= this.#energyEveryMs) {
      this.#energyAt = at;
      messages.push(this.#energyMessage(evaluation));
    }
    if (messages.length > 0) this.#sink.values(messages);
  }

  /** @returns what survives a restart */
  snapshot(): SiteSnapshot {
    return this.#state.snapshot();
  }

  /** @returns the site at a glance, for the status of the node */
  summary(): SiteSummary {
    const { inputs, quality } = this.#state.evaluate();
    const offenders = [...inputs].flatMap(([topic, own]) => (own === 'good' ? [] : [topic]));
    return { sources: inputs.size, offenders, hasGrid: this.#state.hasGrid, quality };
  }

  #isPowerDue(at: number): boolean {
    return this.#isChanged && at - this.#powerAt >= this.#powerEveryMs;
  }

  /** Without any device left, or any that has come for long, the retained messages of before are not true any more. */
  #publishEmpty(at: number): void {
    if (this.#statusText === '' && at - this.#startedAt < statusEveryMs) return;
    const evaluation = this.#state.evaluate();
    const messages: Message[] = this.#statusMessages(evaluation, at);
    if (messages.length > 0) this.#sink.values([...messages, this.#powerMessage(evaluation)]);
  }

  /** @returns the status when it has changed, and once a minute */
  #statusMessages(evaluation: Evaluation, at: number): Message<'site-status/1'>[] {
    const fields = siteStatusFields(evaluation);
    const text = JSON.stringify([fields.quality, fields.sources, fields.offenders]);
    if (text === this.#statusText && at - this.#statusAt < statusEveryMs) return [];
    this.#statusText = text;
    this.#statusAt = at;
    return [{ ...this.#envelope('status'), ...fields }];
  }

  #powerMessage(evaluation: Evaluation): Message<'site-power/1'> {
    return { ...this.#envelope('power'), ...sitePowerFields(evaluation) };
  }

  #energyMessage(evaluation: Evaluation): Message<'site-energy/1'> {
    return { ...this.#envelope('energy'), since: this.#state.since, ...this.#state.energy(evaluation) };
  }

  #envelope<Name extends 'power' | 'energy' | 'status'>(name: Name) {
    return {
      topic: `sites/${this.#site}/${name}`,
      schema: `site-${name}/1` as const,
      ts: isoTime(this.#clock.now()),
      seq: ++this.#sequences[name],
      boot: this.#boot,
    };
  }
}
