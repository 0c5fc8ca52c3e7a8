/**
 * The readings of one site only: no topic of a device tells its site, its meta does. Decides which devices are subscribed
 * to, and which of the messages that come are of the chosen site.
 */
import { readTopic } from '../../model/known-topics.ts';
import type { Message } from '../../model/message.ts';
import type { Clock } from '../../model/time.ts';
import type { Topic } from '../../model/topic.ts';
import { DeviceSubscription } from './device-subscription.ts';
import type { Subscriber } from './subscriptions.ts';
import type { TopicSelection } from './topic-selection.ts';

interface DeviceFacts {
  meta: { device: string; site?: string | undefined };
}

/** The devices whose meta has come. */
interface KnownDevices {
  devices(): DeviceFacts[];
  device(id: string): DeviceFacts | undefined;
}

interface SiteDevicesOptions {
  /** Empty: the devices of every site. */
  site: string;
  selection: TopicSelection;
  known: KnownDevices;
  /** Meta and availability are passed on as well. */
  withDirectory: boolean;
  clock: Clock;
}

/** Retained meta of devices may still be on its way for so long after a subscription, ms. */
const learningMs = 5000;

/** The devices whose messages one subscribe node wants. */
export class SiteDevices {
  readonly #options: SiteDevicesOptions;
  readonly #startedAt: number;
  /** Undefined where the choice of topics needs no list of devices. */
  #members: DeviceSubscription | undefined;

  constructor(options: SiteDevicesOptions) {
    this.#options = options;
    this.#startedAt = options.clock.monotonic();
  }

  /**
   * Subscribes to the devices of the chosen site, now and whenever they come or go.
   * @param subscribe always with the same owner, so that a subscription that is replaced loses nothing
   */
  subscribe(subscribe: (filters: string[]) => Subscriber): void {
    const { site, selection, known, clock } = this.#options;
    const { filtersOf } = selection;
    if (!filtersOf) return;
    const wanted = () => {
      const all = known.devices();
      return { devices: all.flatMap(({ meta }) => (meta.site === site ? [meta.device] : [])), known: all.length };
    };
    this.#members = new DeviceSubscription({ wanted, filtersOf, subscribe }, clock);
  }

  /** Whether a topic is wanted: the selection admits it, and a reading is of a device of the chosen site. */
  admits(topic: Topic, isRetained: boolean): boolean {
    return (
      this.#options.selection.admits(topic, isRetained) && (topic.kind !== 'reading' || this.#isOfSite(topic.device))
    );
  }

  /** Messages of devices of other sites are not passed on, except that a device has left this site. */
  isWanted(message: Message): boolean {
    const { site, selection, known, withDirectory } = this.#options;
    if (!selection.filtersOf || message.schema === 'reading/1') return true;
    if (message.schema === 'meta/1')
      return withDirectory && (message.site === site || this.#members?.has(message.device) === true);
    const topic = readTopic(message.topic);
    if (!topic.ok || topic.value.kind !== 'availability') return true;
    return [undefined, site].includes(known.device(topic.value.device)?.meta.site);
  }

  /** Whether a device is subscribed to, alone or with all others. */
  has(device: string): boolean {
    return this.#members?.has(device) ?? true;
  }

  /** Whether no meta of a device has come, and none is on its way. */
  isMissing(device: string): boolean {
    return !this.#isLearning() && !this.#options.known.device(device);
  }

  filters(): string[] {
    return this.#members?.filters() ?? [];
  }

  /** Devices may have come or gone. */
  changed(): void {
    this.#members?.changed();
  }

  /** @param isFinal the subscriber will not come back */
  close(isFinal: boolean): void {
    this.#members?.close(isFinal);
  }

  #isLearning(): boolean {
    return this.#options.clock.monotonic() - this.#startedAt <= learningMs;
  }

  /** Readings that the broker retained come before the meta of their devices does. */
  #isOfSite(device: string): boolean {
    return this.has(device) || (this.#isLearning() && !this.#options.known.device(device));
  }
}
