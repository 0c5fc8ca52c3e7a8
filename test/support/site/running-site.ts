/** A site aggregator on virtual time, with everything it publishes. */
import type { Message } from '../../../src/model/message.ts';
import { SiteAggregator, type SiteOptions } from '../../../src/site/site-aggregator.ts';
import type { SiteSnapshot } from '../../../src/site/site-snapshot.ts';
import { createVirtualClock } from '../virtual-clock.ts';
import { readingOf } from './site-messages.ts';

export type Power = Message<'site-power/1'>;
type Energy = Message<'site-energy/1'>;

export const startSite = (options: Partial<SiteOptions> = {}, saved?: SiteSnapshot, clock = createVirtualClock()) => {
  const messages: Message[] = [];
  const events: Message[] = [];
  /** Number of messages that were published at a time. */
  const lists: number[] = [];
  const sink = {
    values(given: Message[]) {
      lists.push(given.length);
      messages.push(...given);
    },
    events: (given: Message[]) => events.push(...given),
  };
  const site = new SiteAggregator({ site: 'home', boot: 'test', ...options }, { clock, sink, saved });
  const last = <S extends Message['schema']>(schema: S): Message<S> | undefined =>
    messages.findLast((message): message is Message<S> & Message => message.schema === schema) as
      | Message<S>
      | undefined;
  return {
    site,
    clock,
    events,
    messages,
    lists,
    say(...given: Message[]) {
      for (const message of given) site.take(message);
    },
    /** Lets time pass in ticks of a fifth of a second. */
    pass(ms: number) {
      for (let left = ms; left > 0; left -= 200) {
        clock.advance(Math.min(200, left));
        site.tick();
      }
    },
    power: () => last('site-power/1') as Power,
    energy: () => last('site-energy/1') as Energy,
    status: () => last('site-status/1'),
  };
};

export type RunningSite = ReturnType<typeof startSite>;

export const settled = ({ pass }: RunningSite): void => pass(4000);

export const sayPowers = ({ say, clock }: RunningSite, powers: Record<string, number | null>): void =>
  say(...Object.entries(powers).map(([path, value]) => readingOf(path, value, clock.now())));
