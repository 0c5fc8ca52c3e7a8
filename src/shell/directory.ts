/** Who knows which devices, quantities and commands exist: fed by bridges and by what comes from the broker. */
import type { NodeAPI } from 'node-red';
import { readTopic } from '../model/check.ts';
import type { Message } from '../model/message.ts';
import type { Availability, Meta } from '../model/meta.ts';
import { type Clock, isSaidBefore, parseTime } from '../model/time.ts';
import { quantityTopic, type Topic } from '../model/topic.ts';
import { createBygone } from './bygone.ts';
import { systemClock } from './clock.ts';
import { gatewayName } from './gateway.ts';
import { createSpeakers } from './speakers.ts';

export interface KnownDevice {
  meta: Meta;
  availability?: Availability;
}

export interface Directory {
  take(message: Message): void;
  devices(): KnownDevice[];
  /** The meta and availability of all, as they came. */
  known(): Message[];
  device(id: string): KnownDevice | undefined;
  /** Whether a device's meta declares this quantity. */
  declares(topic: Topic): boolean;
  isBilling(topic: Topic): boolean;
  /** How old a value of this topic may be, ms, as the device's meta says. */
  maxAgeMs(topic: string): number | undefined;
  /** How often a device renews this quantity, s, as its meta declares. */
  intervalOf(topic: Topic): number | undefined;
  onChange(listener: () => void): { remove(): void };
  /** A device is no more: whoever shows it or sums it up lets go of it. */
  onForget(listener: (device: string) => void): { remove(): void };
  /** Somebody took the device's meta off the broker: forgotten, unless a node of this runtime speaks for it. */
  leave(device: string): void;
  /** Whether a message was said before its device or site went: a copy that was still on its way. */
  isBygone(message: Message): boolean;
  /** Whether another node is connected to the broker, as its status and last will say. */
  onNodeState(listener: (node: string, isOnline: boolean) => void): { remove(): void };
  /** A node speaks for a device or a site: "devices/101", "sites/home". It is over once nobody does. */
  register(node: string, path: string): void;
  /** A node was removed. @param closed what it spoke for is over once this has come to an end */
  remove(node: string, closed: Promise<unknown>): void;
  isSpokenFor(path: string): boolean;
  /** Resolves when all that was removed is over, and everybody has been told. */
  settled(): Promise<void>;
  /** Nobody speaks for a device or site any more: what is retained of it would be believed for ever. */
  onOver(listener: (path: string) => void): { remove(): void };
  /** What is over since a moment ago: whoever listens only now has missed it. */
  over(): string[];
  /** A device that a node here speaks for has a quantity no more, as with another profile: its topic. */
  onWithdrawn(listener: (topic: string) => void): { remove(): void };
}

/** What a device tells, by topic. */
const topicsOf = ({ device, components }: Meta): Set<string> =>
  new Set(
    components.flatMap(({ type, index, quantities }) =>
      Object.keys(quantities).map((quantity) => quantityTopic({ device, type, index }, quantity)),
    ),
  );

/** @param gateway the name of this runtime: what another one speaks for goes on */
export const createDirectory = (clock: Clock, gateway: () => string): Directory => {
  const metas = new Map<string, Message<'meta/1'>>();
  const availabilities = new Map<string, Message<'availability/1'>>();
  const listeners = new Set<() => void>();
  const forgetters = new Set<(device: string) => void>();
  const nodeWatchers = new Set<(node: string, isOnline: boolean) => void>();
  const ends = new Set<(path: string) => void>();
  const withdrawers = new Set<(topic: string) => void>();
  const bygone = createBygone(clock);
  /** A retained message may arrive after a newer live one. */
  const isOlder = (message: { ts?: string | undefined }, known: { ts?: string | undefined } | undefined): boolean =>
    message.ts !== undefined &&
    known?.ts !== undefined &&
    isSaidBefore(parseTime(message.ts), parseTime(known.ts), clock.now());

  const forget = (device: string): void => {
    bygone.add(`devices/${device}`, metas.get(device));
    metas.delete(device);
    availabilities.delete(device);
    for (const forgetter of forgetters) forgetter(device);
    for (const listener of listeners) listener();
  };

  const speakers = createSpeakers((path) => {
    const [root, name = ''] = path.split('/');
    if (root === 'devices') {
      // It was moved to another runtime, which speaks for it under the same id.
      const meta = metas.get(name);
      if (meta && meta.gateway !== gateway()) return;
      forget(name);
    } else bygone.add(path, undefined);
    for (const end of ends) end(path);
  });

  const withdraw = (before: Meta, now: Meta): void => {
    const kept = topicsOf(now);
    for (const topic of topicsOf(before)) if (!kept.has(topic)) for (const listener of withdrawers) listener(topic);
  };

  const quantityOf = (topic: Topic) => {
    if (topic.kind !== 'reading') return undefined;
    const component = metas
      .get(topic.device)
      ?.components.find(({ type, index }) => type === topic.type && index === topic.index);
    const key = topic.part === undefined ? topic.quantity : `${topic.quantity}/${topic.part}`;
    return component && Object.hasOwn(component.quantities, key) ? component.quantities[key] : undefined;
  };

  const describe = (meta: Meta): KnownDevice => {
    const availability = availabilities.get(meta.device);
    return { meta, ...(availability && { availability }) };
  };

  return {
    take(message) {
      if (message.schema === 'meta/1') {
        if (isOlder(message, metas.get(message.device)) || bygone.holds(message)) return;
        bygone.remove(`devices/${message.device}`);
        const before = metas.get(message.device);
        metas.set(message.device, message);
        if (before && message.gateway === gateway() && speakers.isSpokenFor(`devices/${message.device}`))
          withdraw(before, message);
      } else if (message.schema === 'availability/1') {
        const [root, device, node] = message.topic.split('/');
        if (root === 'system' && node !== undefined)
          for (const watcher of nodeWatchers) watcher(node, message.state !== 'offline');
        if (root !== 'devices' || device === undefined || isOlder(message, availabilities.get(device))) return;
        availabilities.set(device, message);
      } else return;
      for (const listener of listeners) listener();
    },
    devices: () => [...metas.values()].map(describe),
    known: () => [...metas.values(), ...availabilities.values()],
    device(id) {
      const meta = metas.get(id);
      return meta && describe(meta);
    },
    declares: (topic) => quantityOf(topic) !== undefined,
    isBilling: (topic) => quantityOf(topic)?.billing === true,
    maxAgeMs(text) {
      const topic = readTopic(text);
      const seconds = topic.ok ? quantityOf(topic.value)?.max_age_s : undefined;
      return seconds === undefined ? undefined : seconds * 1000;
    },
    intervalOf: (topic) => quantityOf(topic)?.interval_s,
    onChange(listener) {
      listeners.add(listener);
      return { remove: () => listeners.delete(listener) };
    },
    onForget(listener) {
      forgetters.add(listener);
      return { remove: () => forgetters.delete(listener) };
    },
    onNodeState(listener) {
      nodeWatchers.add(listener);
      return { remove: () => nodeWatchers.delete(listener) };
    },
    leave(device) {
      if (metas.has(device) && !speakers.isSpokenFor(`devices/${device}`)) forget(device);
    },
    isBygone: bygone.holds,
    register(node, path) {
      speakers.register(node, path);
      bygone.remove(path);
    },
    remove: speakers.remove,
    isSpokenFor: speakers.isSpokenFor,
    settled: speakers.settled,
    onOver(listener) {
      ends.add(listener);
      return { remove: () => ends.delete(listener) };
    },
    over: bygone.paths,
    onWithdrawn(listener) {
      withdrawers.add(listener);
      return { remove: () => withdrawers.delete(listener) };
    },
  };
};

const directories = new WeakMap<object, Directory>();

/** The one directory of a runtime. */
export const directoryOf = (RED: NodeAPI): Directory => {
  let directory = directories.get(RED.events);
  if (!directory) {
    directory = createDirectory(systemClock, gatewayName);
    directories.set(RED.events, directory);
  }
  return directory;
};
