/** Who knows which devices, quantities and commands exist: fed by bridges and by what comes from the broker. */
import type { NodeAPI } from 'node-red';
import { readTopic } from '../model/check.ts';
import type { Message } from '../model/message.ts';
import type { Availability, Meta } from '../model/meta.ts';
import type { Topic } from '../model/topic.ts';

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
  /** A device was deleted: whoever retained or summed it lets go of it. */
  forget(device: string): void;
  onForget(listener: (device: string) => void): { remove(): void };
  /** Somebody took the device's meta off the broker: forgotten, unless a node of this runtime speaks for it. */
  leave(device: string): void;
  /** Whether another node is connected to the broker, as its status and last will say. */
  onNodeState(listener: (node: string, isOnline: boolean) => void): { remove(): void };
  /** A node speaks for a device; under another id than before, the earlier one is forgotten. */
  register(node: string, device: string): { forget(): void };
}

/** A retained message may arrive after a newer live one. */
const isOlder = (message: { ts?: string | undefined }, known: { ts?: string | undefined } | undefined): boolean =>
  message.ts !== undefined && known?.ts !== undefined && message.ts < known.ts;

const createDirectory = (): Directory => {
  const metas = new Map<string, Message<'meta/1'>>();
  const availabilities = new Map<string, Message<'availability/1'>>();
  const listeners = new Set<() => void>();
  const forgetters = new Set<(device: string) => void>();
  const nodeWatchers = new Set<(node: string, isOnline: boolean) => void>();
  const deviceOfNode = new Map<string, string>();

  const forget = (device: string): void => {
    metas.delete(device);
    availabilities.delete(device);
    for (const forgetter of forgetters) forgetter(device);
    for (const listener of listeners) listener();
  };

  const release = (node: string): void => {
    const device = deviceOfNode.get(node);
    deviceOfNode.delete(node);
    if (device !== undefined && ![...deviceOfNode.values()].includes(device)) forget(device);
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
        if (isOlder(message, metas.get(message.device))) return;
        metas.set(message.device, message);
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
    forget,
    onForget(listener) {
      forgetters.add(listener);
      return { remove: () => forgetters.delete(listener) };
    },
    onNodeState(listener) {
      nodeWatchers.add(listener);
      return { remove: () => nodeWatchers.delete(listener) };
    },
    leave(device) {
      if (metas.has(device) && ![...deviceOfNode.values()].includes(device)) forget(device);
    },
    register(node, device) {
      if (deviceOfNode.get(node) !== device) release(node);
      deviceOfNode.set(node, device);
      return { forget: () => release(node) };
    },
  };
};

const directories = new WeakMap<object, Directory>();

/** The one directory of a runtime. */
export const directoryOf = (RED: NodeAPI): Directory => {
  let directory = directories.get(RED.events);
  if (!directory) {
    directory = createDirectory();
    directories.set(RED.events, directory);
  }
  return directory;
};
