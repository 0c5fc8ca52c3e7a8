/** The channels of a device over all of its profiles: a channel keeps its place, and new ones come behind. */
import type { Channel } from '../../driver.ts';

const keyOf = ({ type, index, quantity, part }: Channel): string => [type, index, quantity, part].join('/');

/** The channels of one device. */
export class ChannelList {
  #channels: Channel[] = [];
  readonly #places = new Map<string, number>();

  get channels(): Channel[] {
    return this.#channels;
  }

  /**
   * Takes the channels of another profile over.
   * @returns the place of each of them
   */
  take(channels: readonly Channel[]): number[] {
    const all = [...this.#channels];
    const places = channels.map((channel) => {
      const key = keyOf(channel);
      const place = this.#places.get(key) ?? all.length;
      this.#places.set(key, place);
      all[place] = channel;
      return place;
    });
    this.#channels = all;
    return places;
  }
}
