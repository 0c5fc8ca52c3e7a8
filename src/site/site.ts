/**
 * A site summed up: takes readings, meta and availability as they come, and says now and then what the whole does.
 * Time comes from the clock that is passed in; there is no I/O here.
 */
import type { Quality } from '../model/common.ts';
import type { Message } from '../model/message.ts';
import { type Clock, isoTime } from '../model/time.ts';
import type { Evaluation } from './evaluate.ts';
import { createReporter } from './reporter.ts';
import { createSiteState, type StateOptions } from './site-state.ts';
import type { SiteSnapshot } from './snapshot.ts';
import { statePower, stateStatus } from './statements.ts';

export interface SiteOptions extends StateOptions {
  boot: string;
  /** Power is published at most this often. */
  powerEveryMs?: number;
  energyEveryMs?: number;
}

export interface SiteSink {
  values(messages: Message[]): void;
  events(messages: Message[]): void;
}

export interface Site {
  take(message: Message): void;
  /** A device that was removed leaves the balance; what it has counted stays in the totals. */
  forget(device: string): void;
  /** Publishes what is due; called about once per second. */
  tick(): void;
  snapshot(): SiteSnapshot;
  /** hasGrid: a device measures the connection to the grid, without which nothing adds up. */
  summary(): { sources: number; offenders: string[]; hasGrid: boolean; quality: Quality };
}

const statusEveryMs = 60_000;
/** Until then the first messages of all devices should have come. */
const settleMs = 3000;
/** Values go old without a message: what has not changed is looked at again this often. */
const lookAgainMs = 1000;

/** @param saved what snapshot() returned in an earlier run */
export const createSite = (options: SiteOptions, clock: Clock, sink: SiteSink, saved?: SiteSnapshot): Site => {
  const { site, boot, powerEveryMs = 1000, energyEveryMs = 10_000 } = options;
  const state = createSiteState(options, clock, createReporter(site, boot, clock, sink.events), saved);
  const startedAt = clock.monotonic();
  let tickedAt = startedAt;
  let powerAt = Number.NEGATIVE_INFINITY;
  let energyAt = startedAt;
  let statusAt = Number.NEGATIVE_INFINITY;
  let statusText = '';
  let isChanged = false;
  const sequences = { power: 0, energy: 0, status: 0 };

  const envelope = <Name extends 'power' | 'energy' | 'status'>(name: Name) => ({
    topic: `sites/${site}/${name}`,
    schema: `site-${name}/1` as const,
    ts: isoTime(clock.now()),
    seq: ++sequences[name],
    boot,
  });

  const powerMessage = (evaluation: Evaluation): Message<'site-power/1'> => ({
    ...envelope('power'),
    ...statePower(evaluation),
  });

  const energyMessage = (evaluation: Evaluation): Message<'site-energy/1'> => ({
    ...envelope('energy'),
    since: state.since,
    ...state.energy(evaluation),
  });

  /** Said when it changes, and once a minute. */
  const statusMessages = (evaluation: Evaluation, now: number): Message<'site-status/1'>[] => {
    const status = stateStatus(evaluation);
    const text = JSON.stringify([status.quality, status.sources, status.offenders]);
    if (text === statusText && now - statusAt < statusEveryMs) return [];
    statusText = text;
    statusAt = now;
    return [{ ...envelope('status'), ...status }];
  };

  /** Nobody is left to sum up, or nobody has come for long: what is retained of before is not true any more. */
  const stateNothing = (now: number): void => {
    if (statusText === '' && now - startedAt < statusEveryMs) return;
    const current = state.evaluate();
    const messages: Message[] = statusMessages(current, now);
    if (messages.length > 0) sink.values([...messages, powerMessage(current)]);
  };

  return {
    take(message) {
      switch (message.schema) {
        case 'reading/1':
          if (state.takeReading(message as Message<'reading/1'>)) isChanged = true;
          break;
        case 'meta/1':
          if (state.takeMeta(message as Message<'meta/1'>)) isChanged = true;
          break;
        case 'availability/1':
          if (state.takeAvailability(message as Message<'availability/1'>)) isChanged = true;
          break;
        case 'site-energy/1':
          // Of an earlier run: its own words say nothing new.
          if (message.topic === `sites/${site}/energy` && message.boot !== boot)
            state.takeEnergy(message as Message<'site-energy/1'>);
          break;
        default:
          break;
      }
    },
    forget(device) {
      state.forget(device);
      isChanged = true;
    },
    tick() {
      const at = clock.monotonic();
      const hasSources = state.hasSources();
      if (at - startedAt < settleMs || !hasSources) {
        tickedAt = at;
        if (!hasSources) stateNothing(at);
        return;
      }
      const isPowerDue = isChanged && at - powerAt >= powerEveryMs;
      if (!isPowerDue && at - tickedAt < lookAgainMs) return;
      const current = state.look(at - tickedAt);
      tickedAt = at;
      const messages: Message[] = statusMessages(current, at);
      // A value that silently went old changes the sum as well.
      isChanged ||= messages.length > 0;
      if (isChanged && at - powerAt >= powerEveryMs) {
        isChanged = false;
        powerAt = at;
        messages.push(powerMessage(current));
      }
      if (at - energyAt >= energyEveryMs) {
        energyAt = at;
        messages.push(energyMessage(current));
      }
      if (messages.length > 0) sink.values(messages);
    },
    snapshot: state.snapshot,
    summary() {
      const { inputs, quality } = state.evaluate();
      const offenders = [...inputs].flatMap(([topic, own]) => (own === 'good' ? [] : [topic]));
      return { sources: inputs.size, offenders, hasGrid: state.hasGrid(), quality };
    },
  };
};
