/** A site on virtual time, with all it says. */
import type { Message } from '../../src/model/message.ts';
import { createSite, type SiteOptions } from '../../src/site/site.ts';
import type { SiteSnapshot } from '../../src/site/snapshot.ts';
import { readingOf } from './site-messages.ts';
import { createVirtualClock } from './virtual-clock.ts';

export type Power = Message<'site-power/1'>;
type Energy = Message<'site-energy/1'>;

export const startSite = (options: Partial<SiteOptions> = {}, saved?: SiteSnapshot, clock = createVirtualClock()) => {
  const messages: Message[] = [];
  const events: Message[] = [];
  const site = createSite(
    { site: 'home', boot: 'test', ...options },
    clock,
    { values: (given) => messages.push(...given), events: (given) => events.push(...given) },
    saved,
  );
  const last = <S extends Message['schema']>(schema: S): Message<S> | undefined =>
    messages.findLast((message): message is Message<S> & Message => message.schema === schema) as
      | Message<S>
      | undefined;
  return {
    site,
    clock,
    events,
    messages,
    say: (...given: Message[]) => given.forEach(site.take),
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

export type Running = ReturnType<typeof startSite>;

export const settled = ({ pass }: Running): void => pass(4000);

export const sayPowers = ({ say, clock }: Running, powers: Record<string, number | null>): void =>
  say(...Object.entries(powers).map(([path, value]) => readingOf(path, value, clock.now())));
