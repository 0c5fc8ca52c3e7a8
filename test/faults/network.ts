/**
 * A network of its own for a fault run: gateway, house and broker, each in a namespace with a router between them.
 * The router can swallow everything from and to one of them without a word, as a frozen network does: no reset, no
 * "unreachable". Needs root and iproute2.
 */
import { execFileSync } from 'node:child_process';

const places = ['gateway', 'house', 'broker'] as const;
export type Place = (typeof places)[number];

export interface Network {
  address: Record<Place, string>;
  /** The words before a command line that make it run there. */
  at(place: Place): string[];
  /** Nothing comes or goes any more. */
  freeze(place: Place): void;
  thaw(place: Place): void;
  remove(): void;
}

const ip = (...words: string[]): void => {
  try {
    execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    throw new Error(`ip ${words.join(' ')}: ${stderr?.toString().trim() || (error as Error).message}`);
  }
};

const addressOf = (place: Place): string => `10.9.${places.indexOf(place) + 1}.2`;
const routerOf = (place: Place): string => `10.9.${places.indexOf(place) + 1}.1`;

/** @param name distinguishes the networks of one machine; at most 8 characters */
export const createNetwork = (name: string): Network => {
  const space = (place: Place | 'router'): string => `ems-${name}-${place}`;
  const all = [...places.map(space), space('router')];
  const remove = (): void => {
    for (const each of all)
      try {
        ip('netns', 'del', each);
      } catch {
        // The namespace was never made, or is gone already.
      }
  };
  try {
    for (const each of all) {
      ip('netns', 'add', each);
      ip('-n', each, 'link', 'set', 'lo', 'up');
    }
    for (const place of places) {
      const [inside, outside] = ['eth0', `to-${place}`];
      ip('-n', space(place), 'link', 'add', inside, 'type', 'veth', 'peer', 'name', outside, 'netns', space('router'));
      ip('-n', space(place), 'addr', 'add', `${addressOf(place)}/24`, 'dev', inside);
      ip('-n', space(place), 'link', 'set', inside, 'up');
      ip('-n', space('router'), 'addr', 'add', `${routerOf(place)}/24`, 'dev', outside);
      ip('-n', space('router'), 'link', 'set', outside, 'up');
      ip('-n', space(place), 'route', 'add', 'default', 'via', routerOf(place));
    }
    ip('netns', 'exec', space('router'), 'sysctl', '-q', '-w', 'net.ipv4.ip_forward=1');
  } catch (error) {
    remove();
    throw error;
  }
  const rules = (change: 'add' | 'del', place: Place): void => {
    for (const way of ['from', 'to'])
      ip('-n', space('router'), 'rule', change, way, addressOf(place), 'blackhole', 'pref', '10');
  };
  return {
    address: Object.fromEntries(places.map((place) => [place, addressOf(place)])) as Record<Place, string>,
    at: (place) => ['ip', 'netns', 'exec', space(place)],
    freeze: (place) => rules('add', place),
    thaw: (place) => rules('del', place),
    remove,
  };
};
