/**
 * Bare values out of messages of the contract: which objects, which property, and what to do with those that are
 * invalid or have gone old. What stops coming is noticed: old is not now.
 */
import { type Clock, parseTime } from '../model/time.ts';
import { createTrie } from './trie.ts';

export interface PickerOptions {
  choices: { topic: string; field: string; name: string }[];
  /** Values that are old or invalid: left out, given as null, or given as they are. */
  bad: 'drop' | 'null' | 'pass';
  /** Only values that differ from the one before. */
  onlyChanges: boolean;
}

export interface Picked {
  topic: string;
  name: string;
  /** undefined: left out. */
  value: unknown;
  /** The whole object the value was taken from; stale where it has gone old. */
  reading: object;
}

/** What is known of one value now. */
export interface PickedState {
  state: 'good' | 'invalid' | 'old';
  /** The last value, for people; empty: there was none. */
  text: string;
  /** Why it is invalid: a word of the model; empty: nobody said. */
  reason: string;
  /** Measured, ms since 1970. */
  ts: number;
}

type Choice = PickerOptions['choices'][number];
type Source = Record<string, unknown>;

interface Entry extends PickedState {
  topic: string;
  choice: Choice;
  reading: Source;
  /** Between the last two, ms. */
  intervalMs: number;
  /** What was given last; undefined: nothing. */
  given?: { value: unknown };
}

const leastMaxAgeMs = 30_000;
/** Until a second one has come. */
const assumedIntervalMs = 60_000;
const mostEntries = 20_000;

const isRecord = (value: unknown): value is Source =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** "flows.solar_load" leads into the object. */
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

/**
 * @param maxAgeOf how old a value of this topic may be, ms; undefined where nobody has said: three times as old as
 *   they have come apart
 */
export const createPicker = (
  { choices, bad, onlyChanges }: PickerOptions,
  clock: Clock,
  maxAgeOf: (topic: string) => number | undefined = () => undefined,
) => {
  const trie = createTrie<Choice>();
  for (const choice of choices) trie.add(choice.topic, choice);
  const matching = new Map<string, Choice[]>();
  const entries = new Map<string, Entry>();
  let notGood = 0;

  const choicesFor = (topic: string): Choice[] => {
    let found = matching.get(topic);
    if (!found) {
      found = [...trie.match(topic)];
      if (matching.size >= mostEntries) matching.clear();
      matching.set(topic, found);
    }
    return found;
  };

  const isOld = ({ topic, ts, intervalMs }: Entry): boolean =>
    clock.now() - ts > (maxAgeOf(topic) ?? Math.max(leastMaxAgeMs, 3 * intervalMs));

  const remove = (key: string): void => {
    if (entries.get(key)?.state !== 'good') notGood--;
    entries.delete(key);
  };

  const set = (entry: Entry, state: Entry['state']): void => {
    notGood += Number(state !== 'good') - Number(entry.state !== 'good');
    entry.state = state;
  };

  const entryOf = (topic: string, choice: Choice, reading: Source): Entry => {
    const key = `${choice.topic} ${choice.field} ${choice.name} ${topic}`;
    const ts = typeof reading.ts === 'string' ? parseTime(reading.ts) : Number.NaN;
    const measured = Number.isNaN(ts) ? clock.now() : ts;
    const known = entries.get(key);
    if (known) {
      if (measured > known.ts) known.intervalMs = measured - known.ts;
      return Object.assign(known, { reading, ts: measured });
    }
    const [eldest] = entries.keys();
    if (entries.size >= mostEntries && eldest !== undefined) remove(eldest);
    const times = { ts: measured, intervalMs: assumedIntervalMs };
    const entry: Entry = { topic, choice, reading, ...times, state: 'good', text: '', reason: '' };
    entries.set(key, entry);
    return entry;
  };

  /** What becomes of a value, by the state it is in. */
  const give = (entry: Entry, value: unknown): Picked[] => {
    const { topic, choice, reading, state } = entry;
    const name = choice.name || nameOf(topic, choice.field);
    const sent = { topic: choice.name || topic, name, reading };
    if (state !== 'good' && bad === 'drop') return [{ ...sent, value: undefined }];
    const given = state !== 'good' && bad === 'null' ? null : value;
    if (onlyChanges && entry.given && entry.given.value === given) return [];
    entry.given = { value: given };
    return [{ ...sent, value: given }];
  };

  const pickOne = (topic: string, reading: Source, choice: Choice): Picked[] => {
    const value = property(reading, fieldOf(choice));
    if (value === undefined) return [];
    const entry = entryOf(topic, choice, reading);
    set(entry, isInvalid(value, choice, reading) ? 'invalid' : isOld(entry) ? 'old' : 'good');
    entry.reason = reasonOf(reading);
    if (value !== null) entry.text = textOf(value, fieldOf(choice) === 'value' ? reading.unit : undefined);
    return give(entry, value);
  };

  return {
    /** @param payload one object of the contract or an array of them; anything else gives nothing */
    pick: (payload: unknown): Picked[] =>
      [payload].flat().flatMap((each) => {
        if (!isRecord(each) || typeof each.topic !== 'string') return [];
        const { topic } = each;
        return choicesFor(topic).flatMap((choice) => pickOne(topic, each, choice));
      }),
    /** What has gone old since the last time, once, with the quality it has now. */
    expire: (): Picked[] =>
      [...entries.values()].flatMap((entry) => {
        if (entry.state !== 'good' || !isOld(entry)) return [];
        set(entry, 'old');
        entry.reading = { ...entry.reading, quality: 'stale' };
        return give(entry, property(entry.reading, fieldOf(entry.choice)));
      }),
    /** A device that was removed does not go old. */
    forget(device: string): void {
      for (const [key, { topic }] of entries) if (topic.startsWith(`devices/${device}/`)) remove(key);
    },
    /** The only value there is; undefined while there is none, or several. */
    single: (): PickedState | undefined => (entries.size === 1 ? entries.values().next().value : undefined),
    count: (): { all: number; notGood: number } => ({ all: entries.size, notGood }),
    /** Those that are not good, by the names under which they are given. */
    namesOfBad: (): string[] =>
      [...entries.values()].flatMap(({ state, topic, choice }) =>
        state === 'good' ? [] : [choice.name || nameOf(topic, choice.field)],
      ),
  };
};
