/**
 * Bare values out of messages of the model: of which topics, from which property, and what to do with those that are
 * invalid or have gone old. A value that stops coming goes old by itself.
 */
import { isRecord } from '../../model/safety.ts';
import { type Clock, parseTime } from '../../model/time.ts';
import { TopicFilterTrie } from '../subscriptions/topic-filter-trie.ts';

export interface PickerOptions {
  /** topic: a filter. field: empty for the value. name: empty for one that is made from the topic. */
  choices: { topic: string; field: string; name: string }[];
  /** Values that are old or invalid: left out, given as null, or given as they are. */
  bad: 'drop' | 'null' | 'pass';
  /** Only values that differ from the one before. */
  onlyChanges: boolean;
}

/** One bare value. */
export interface Picked {
  topic: string;
  name: string;
  /** undefined: left out. */
  value: unknown;
  /** The whole object the value was taken from; stale where it has gone old. */
  reading: object;
}

/** The state of one value now. */
interface PickedState {
  state: 'good' | 'invalid' | 'old';
  /** The last value, for people; empty: there was none. */
  text: string;
  /** Why the value is invalid: a word of the model; empty: nobody said. */
  reason: string;
  /** When the value was measured, ms since 1970. */
  ts: number;
}

type Choice = PickerOptions['choices'][number];
type Source = Record<string, unknown>;

interface Entry extends PickedState {
  topic: string;
  choice: Choice;
  reading: Source;
  /** Time between the last two values, ms. */
  intervalMs: number;
  /** The value that was given last; undefined: none. */
  given?: { value: unknown };
}

const leastMaxAgeMs = 30_000;
/** Interval of a value until a second one has come. */
const assumedIntervalMs = 60_000;
const mostEntries = 20_000;

/** @param path "flows.solar_load" leads into the object */
const property = (object: Source, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined), object);

const fieldOf = ({ field }: Choice): string => field || 'value';

/** "devices/101/battery/soc" becomes "101_battery_soc"; the property follows where it is not the value. */
const nameOf = (topic: string, field: string): string =>
  [...topic.split('/').slice(1), ...(field === '' ? [] : [field])].join('_').replace(/[^A-Za-z0-9_]/g, '_');

const textOf = (value: unknown, unit: unknown): string => {
  const text = typeof value === 'number' ? String(Number(value.toPrecision(4))) : undefined;
  if (text === undefined) return typeof value === 'object' ? JSON.stringify(value) : String(value);
  return typeof unit === 'string' && unit !== '1' ? `${text} ${unit}` : text;
};

/** The quality of a reading is that of its value; the fields of a sum are null where they cannot be trusted. */
const isInvalid = (value: unknown, choice: Choice, { quality }: Source): boolean =>
  value === null || (fieldOf(choice) === 'value' && (quality === 'stale' || quality === 'invalid'));

const reasonOf = ({ reason, quality }: Source): string => {
  if (typeof reason === 'string') return reason;
  return typeof quality === 'string' && quality !== 'good' ? quality : '';
};

/** Picks bare values out of messages, and lets them expire. */
export class ValuePicker {
  readonly #options: PickerOptions;
  readonly #clock: Clock;
  readonly #maxAgeOf: (topic: string) => number | undefined;
  readonly #trie = new TopicFilterTrie<Choice>();
  /** Choices by topic, as far as topics were looked up before. */
  readonly #matching = new Map<string, Choice[]>();
  readonly #entries = new Map<string, Entry>();
  #notGood = 0;

  /**
   * @param maxAgeOf how old a value of this topic may be, ms; undefined where nobody has said: three times as old as
   *   they have come apart
   */
  constructor(options: PickerOptions, clock: Clock, maxAgeOf: (topic: string) => number | undefined = () => undefined) {
    this.#options = options;
    this.#clock = clock;
    this.#maxAgeOf = maxAgeOf;
    for (const choice of options.choices) this.#trie.add(choice.topic, choice);
  }

  /** @param payload one object of the model or an array of them; anything else gives nothing */
  pick(payload: unknown): Picked[] {
    return [payload].flat().flatMap((each) => {
      if (!isRecord(each) || typeof each.topic !== 'string') return [];
      const { topic } = each;
      return this.#choicesFor(topic).flatMap((choice) => this.#pickOne(topic, each, choice));
    });
  }

  /** @returns values that have gone old since the last time, once, with the quality they have now */
  expire(): Picked[] {
    return [...this.#entries.values()].flatMap((entry) => {
      if (entry.state !== 'good' || !this.#isOld(entry)) return [];
      this.#setState(entry, 'old');
      entry.reading = { ...entry.reading, quality: 'stale' };
      return this.#give(entry, property(entry.reading, fieldOf(entry.choice)));
    });
  }

  /** A device was removed: its values do not go old. */
  forget(device: string): void {
    for (const [key, { topic }] of this.#entries) if (topic.startsWith(`devices/${device}/`)) this.#remove(key);
  }

  /** @returns the only value there is; undefined while there is none, or several */
  single(): PickedState | undefined {
    return this.#entries.size === 1 ? this.#entries.values().next().value : undefined;
  }

  count(): { all: number; notGood: number } {
    return { all: this.#entries.size, notGood: this.#notGood };
  }

  /** @returns names under which values are given that are not good */
  namesOfBad(): string[] {
    return [...this.#entries.values()].flatMap(({ state, topic, choice }) =>
      state === 'good' ? [] : [choice.name || nameOf(topic, choice.field)],
    );
  }

  #choicesFor(topic: string): Choice[] {
    let found = this.#matching.get(topic);
    if (!found) {
      found = [...this.#trie.match(topic)];
      if (this.#matching.size >= mostEntries) this.#matching.clear();
      this.#matching.set(topic, found);
    }
    return found;
  }

  #pickOne(topic: string, reading: Source, choice: Choice): Picked[] {
    const value = property(reading, fieldOf(choice));
    if (value === undefined) return [];
    const entry = this.#entryOf(topic, choice, reading);
    this.#setState(entry, isInvalid(value, choice, reading) ? 'invalid' : this.#isOld(entry) ? 'old' : 'good');
    entry.reason = reasonOf(reading);
    if (value !== null) entry.text = textOf(value, fieldOf(choice) === 'value' ? reading.unit : undefined);
    return this.#give(entry, value);
  }

  #entryOf(topic: string, choice: Choice, reading: Source): Entry {
    const key = `${choice.topic} ${choice.field} ${choice.name} ${topic}`;
    const ts = typeof reading.ts === 'string' ? parseTime(reading.ts) : Number.NaN;
    const measured = Number.isNaN(ts) ? this.#clock.now() : ts;
    const known = this.#entries.get(key);
    if (known) {
      if (measured > known.ts) known.intervalMs = measured - known.ts;
      return Object.assign(known, { reading, ts: measured });
    }
    const [eldest] = this.#entries.keys();
    if (this.#entries.size >= mostEntries && eldest !== undefined) this.#remove(eldest);
    const times = { ts: measured, intervalMs: assumedIntervalMs };
    const entry: Entry = { topic, choice, reading, ...times, state: 'good', text: '', reason: '' };
    this.#entries.set(key, entry);
    return entry;
  }

  #isOld({ topic, ts, intervalMs }: Entry): boolean {
    return this.#clock.now() - ts > (this.#maxAgeOf(topic) ?? Math.max(leastMaxAgeMs, 3 * intervalMs));
  }

  /** @returns what becomes of a value, by the state it is in */
  #give(entry: Entry, value: unknown): Picked[] {
    const { bad, onlyChanges } = this.#options;
    const { topic, choice, reading, state } = entry;
    const name = choice.name || nameOf(topic, choice.field);
    const sent = { topic: choice.name || topic, name, reading };
    if (state !== 'good' && bad === 'drop') return [{ ...sent, value: undefined }];
    const given = state !== 'good' && bad === 'null' ? null : value;
    if (onlyChanges && entry.given && entry.given.value === given) return [];
    entry.given = { value: given };
    return [{ ...sent, value: given }];
  }

  #setState(entry: Entry, state: Entry['state']): void {
    this.#notGood += Number(state !== 'good') - Number(entry.state !== 'good');
    entry.state = state;
  }

  #remove(key: string): void {
    if (this.#entries.get(key)?.state !== 'good') this.#notGood--;
    this.#entries.delete(key);
  }
}
