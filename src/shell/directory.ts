/**
 * The devices, quantities and commands that exist: known from bridges of this runtime, and from what the broker sends.
 */
import type { NodeAPI } from 'node-red';
import { readTopic } from '../model/known-topics.ts';
import type { Message } from '../model/message.ts';
import type { Availability, Meta, QuantityMeta } from '../model/meta.ts';
import { sharedMeta } from '../model/shared-meta.ts';
import { type Clock, isSaidBefore, parseTime } from '../model/time.ts';
import { quantityTopic, type Topic } from '../model/topic.ts';
import { systemClock } from './clock.ts';
import { gatewayName } from './gateway.ts';
import { PathOwners } from './path-owners.ts';
import { RemovedPaths } from './removed-paths.ts';

/** A device as its meta and its availability describe it. */
interface KnownDevice {
  meta: Meta;
  availability?: Availability;
}

/** A registration that can be removed. */
interface Listening {
  remove(): void;
}

/** @returns the topics of the quantities that a device declares */
const topicsOf = ({ device, components }: Meta): Set<string> =>
  new Set(
    components.flatMap(({ type, index, quantities }) =>
      Object.keys(quantities).map((quantity) => quantityTopic({ device, type, index }, quantity)),
    ),
  );

const listenWith = <T>(listeners: Set<T>, listener: T): Listening => {
  listeners.add(listener);
  return { remove: () => void listeners.delete(listener) };
};

/** The directory of one runtime. Paths are the beginning of topics: "devices/101", "sites/home". */
export class Directory {
  readonly #clock: Clock;
  readonly #gateway: () => string;
  readonly #removed: RemovedPaths;
  readonly #owners: PathOwners;
  readonly #metas = new Map<string, Message<'meta/1'>>();
  readonly #availabilities = new Map<string, Message<'availability/1'>>();
  readonly #changeListeners = new Set<() => void>();
  readonly #forgetListeners = new Set<(device: string) => void>();
  readonly #nodeStateListeners = new Set<(node: string, isOnline: boolean) => void>();
  readonly #overListeners = new Set<(path: string) => void>();
  readonly #withdrawnListeners = new Set<(topic: string) => void>();

  /** @param gateway the name of this runtime: devices that another runtime speaks for go on without this one */
  constructor(clock: Clock, gateway: () => string) {
    this.#clock = clock;
    this.#gateway = gateway;
    this.#removed = new RemovedPaths(clock);
    this.#owners = new PathOwners((path) => this.#end(path));
  }

  take(message: Message): void {
    if (message.schema === 'reading/1') return;
    if (message.schema === 'meta/1') this.#takeMeta(message);
    else if (message.schema === 'availability/1') this.#takeAvailability(message);
  }

  devices(): KnownDevice[] {
    return [...this.#metas.values()].map((meta) => this.#describe(meta));
  }

  /** @returns meta and availability of all devices, as they came */
  known(): Message[] {
    return [...this.#metas.values(), ...this.#availabilities.values()];
  }

  device(id: string): KnownDevice | undefined {
    const meta = this.#metas.get(id);
    return meta && this.#describe(meta);
  }

  // The next three are handed on as functions, and so are bound to this directory.

  /** @returns what a device's meta says of the quantity of a reading; undefined: it does not declare the quantity */
  readonly declarationOf = (topic: Topic): QuantityMeta | undefined => {
    if (topic.kind !== 'reading') return undefined;
    const component = this.#metas
      .get(topic.device)
      ?.components.find(({ type, index }) => type === topic.type && index === topic.index);
    const key = topic.part === undefined ? topic.quantity : `${topic.quantity}/${topic.part}`;
    return component && Object.hasOwn(component.quantities, key) ? component.quantities[key] : undefined;
  };

  /** Whether a device's meta declares the quantity of a reading. */
  readonly declares = (topic: Topic): boolean => this.declarationOf(topic) !== undefined;

  /** Whether a node of this runtime speaks for a device or site. */
  readonly isSpokenFor = (path: string): boolean => this.#owners.isSpokenFor(path);

  /** @returns how old a value of this topic may be, ms, as the device's meta says */
  maxAgeMs(text: string): number | undefined {
    const topic = readTopic(text);
    const seconds = topic.ok ? this.declarationOf(topic.value)?.max_age_s : undefined;
    return seconds === undefined ? undefined : seconds * 1000;
  }

  /** Hears when a meta or an availability has come, or a device was forgotten. */
  onChange(listener: () => void): Listening {
    return listenWith(this.#changeListeners, listener);
  }

  /** Hears of devices that are no more: whoever shows them or sums them up lets go of them. */
  onForget(listener: (device: string) => void): Listening {
    return listenWith(this.#forgetListeners, listener);
  }

  /** Hears whether another gateway is connected to the broker, as its status and Will Message say. */
  onNodeState(listener: (node: string, isOnline: boolean) => void): Listening {
    return listenWith(this.#nodeStateListeners, listener);
  }

  /**
   * Hears of devices and sites that no node speaks for any more: what is retained of them would be believed for ever.
   */
  onOver(listener: (path: string) => void): Listening {
    return listenWith(this.#overListeners, listener);
  }

  /** Hears the topics of quantities that a device of this runtime has no more, as with another profile. */
  onWithdrawn(listener: (topic: string) => void): Listening {
    return listenWith(this.#withdrawnListeners, listener);
  }

  /** A device's meta was taken off the broker: the device is forgotten, unless a node of this runtime speaks for it. */
  leave(device: string): void {
    if (this.#metas.has(device) && !this.isSpokenFor(`devices/${device}`)) this.#forget(device);
  }

  /** Whether a message was sent before its device or site was removed: a copy that was still on its way. */
  isFromBeforeRemoval(message: Message): boolean {
    return this.#removed.count > 0 && this.#removed.isFromBefore(message);
  }

  /** A node speaks for a device or a site, which is over once no node does. */
  register(node: string, path: string): void {
    this.#owners.register(node, path);
    this.#removed.delete(path);
  }

  /** A node was removed. @param closed what the node spoke for is over once this has come to an end */
  remove(node: string, closed: Promise<unknown>): void {
    this.#owners.remove(node, closed);
  }

  /** Resolves when all nodes that were removed are closed, and everybody has been told. */
  settled(): Promise<void> {
    return this.#owners.settled();
  }

  /** @returns what was removed lately: whoever listens only now has missed it */
  over(): string[] {
    return this.#removed.paths();
  }

  #takeMeta(meta: Message<'meta/1'>): void {
    const { device } = meta;
    const before = this.#metas.get(device);
    if (this.#isOlder(meta, before) || this.#removed.isFromBefore(meta)) return;
    this.#removed.delete(`devices/${device}`);
    this.#metas.set(device, sharedMeta(meta));
    const isOurs = meta.gateway === this.#gateway() && this.isSpokenFor(`devices/${device}`);
    if (before && isOurs) this.#withdraw(before, meta);
    this.#changed();
  }

  #takeAvailability(message: Message<'availability/1'>): void {
    const [root, device, node] = message.topic.split('/');
    if (root === 'system' && node !== undefined)
      for (const listener of this.#nodeStateListeners) listener(node, message.state !== 'offline');
    if (root !== 'devices' || device === undefined || this.#isOlder(message, this.#availabilities.get(device))) return;
    this.#availabilities.set(device, message);
    this.#changed();
  }

  /** A retained message may arrive after a newer live one. */
  #isOlder(message: { ts?: string | undefined }, known: { ts?: string | undefined } | undefined): boolean {
    if (message.ts === undefined || known?.ts === undefined) return false;
    return isSaidBefore(parseTime(message.ts), parseTime(known.ts), this.#clock.now());
  }

  #withdraw(before: Meta, now: Meta): void {
    const kept = topicsOf(now);
    for (const topic of topicsOf(before))
      if (!kept.has(topic)) for (const listener of this.#withdrawnListeners) listener(topic);
  }

  #describe(meta: Meta): KnownDevice {
    const availability = this.#availabilities.get(meta.device);
    return { meta, ...(availability && { availability }) };
  }

  #changed(): void {
    for (const listener of this.#changeListeners) listener();
  }

  #forget(device: string): void {
    this.#removed.add(`devices/${device}`, this.#metas.get(device));
    this.#metas.delete(device);
    this.#availabilities.delete(device);
    for (const listener of this.#forgetListeners) listener(device);
    this.#changed();
  }

  /** No node speaks for a path any more. */
  #end(path: string): void {
    const [root, name = ''] = path.split('/');
    if (root === 'devices') {
      // A device that was moved to another runtime goes on there under the same id.
      const meta = this.#metas.get(name);
      if (meta && meta.gateway !== this.#gateway()) return;
      this.#forget(name);
    } else this.#removed.add(path, undefined);
    for (const listener of this.#overListeners) listener(path);
  }
}

const directories = new WeakMap<object, Directory>();

/** @returns the one directory of a runtime */
export const directoryOf = (RED: NodeAPI): Directory => {
  let directory = directories.get(RED.events);
  if (!directory) {
    directory = new Directory(systemClock, gatewayName);
    directories.set(RED.events, directory);
  }
  return directory;
};
