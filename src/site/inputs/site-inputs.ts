/** The topics that a site uses, and the devices that publish them with their clocks. */
import { type Clock, parseTime } from '../../model/time.ts';
import type { Composition, WantedTopic } from '../sources/composition.ts';
import { DeviceClock } from './device-clock.ts';
import { type ClockedDevice, type InputContext, type InputSink, type Reading, TopicInput } from './topic-input.ts';

/** The saved state. */
export interface InputsSnapshot {
  /** Largest powers that were shown, by topic, W. */
  highPowers: Record<string, number>;
  /** Lead of the clocks that are off, by device, ms. */
  clocks: Record<string, number>;
}

/** All topics of one site. */
export class SiteInputs {
  readonly #clock: Clock;
  readonly #context: InputContext;
  readonly #savedClocks: InputsSnapshot['clocks'];
  readonly #topics = new Map<string, TopicInput>();
  readonly #devices = new Map<string, ClockedDevice>();
  /** The last time that was parsed: readings of one message have the same. */
  #parsed = { text: '', ms: Number.NaN };

  constructor(clock: Clock, sink: InputSink, saved?: InputsSnapshot) {
    this.#clock = clock;
    this.#savedClocks = saved?.clocks ?? {};
    this.#context = {
      sink,
      moveDevice: ({ topics }, ms) => {
        for (const topic of topics) this.#topics.get(topic)?.moveTimes(ms);
      },
      savedHighW: (topic) => saved?.highPowers[topic],
    };
  }

  /** @returns whether the site uses the topic of the reading */
  take(reading: Reading): boolean {
    const input = this.#topics.get(reading.topic);
    if (!input) return false;
    const receivedAt = this.#clock.monotonic();
    input.ours = this.#clock.now() - receivedAt;
    input.device.aheadS = reading.skew_s;
    input.take(reading, this.#timeOf(reading.ts), receivedAt);
    return true;
  }

  /** Takes another composition of the site: topics come and go, and are described anew. */
  compose({ wanted, uses }: Composition): void {
    for (const [topic, { device }] of this.#topics) {
      if (wanted.has(topic)) continue;
      this.#topics.delete(topic);
      device.topics.delete(topic);
      if (device.topics.size === 0) this.#devices.delete(device.device);
    }
    for (const [topic, described] of wanted) {
      const input = this.#topics.get(topic) ?? this.#addTopic(topic, described);
      input.describe(described, uses.get(topic) ?? []);
    }
  }

  /** @returns the devices that publish topics of the site */
  devices(): ClockedDevice[] {
    return [...this.#devices.values()];
  }

  /** @returns lead of a reading without delay from a device whose clock is that of this runtime, ms */
  ours(): number {
    return this.#clock.now() - this.#clock.monotonic();
  }

  /** @returns what survives a restart */
  save(): InputsSnapshot {
    const highPowers: InputsSnapshot['highPowers'] = {};
    for (const [topic, { highW }] of this.#topics) if (highW !== undefined) highPowers[topic] = highW;
    const clocks: InputsSnapshot['clocks'] = {};
    for (const [device, { clock }] of this.#devices) if (clock.isCorrected) clocks[device] = clock.offset - this.ours();
    return { highPowers, clocks };
  }

  #addTopic(topic: string, wanted: WantedTopic): TopicInput {
    const device = this.#deviceOf(wanted);
    const input = new TopicInput(topic, device, { ours: this.ours(), context: this.#context });
    device.topics.add(topic);
    this.#topics.set(topic, input);
    return input;
  }

  #deviceOf({ device, gateway }: WantedTopic): ClockedDevice {
    const known = this.#devices.get(device) ?? { device, clock: this.#createClock(device), topics: new Set() };
    if (gateway !== undefined) known.gateway = gateway;
    this.#devices.set(device, known);
    return known;
  }

  /** A clock that was off in an earlier run is off until its readings show otherwise. */
  #createClock(device: string): DeviceClock {
    const aheadMs = this.#savedClocks[device];
    return aheadMs === undefined ? new DeviceClock() : new DeviceClock(this.ours() + aheadMs);
  }

  #timeOf(text: string): number {
    if (text !== this.#parsed.text) this.#parsed = { text, ms: parseTime(text) };
    return this.#parsed.ms;
  }
}
