/** Bare values out of messages of the contract: which objects, which property, and what to do with bad ones. */
import { createTrie } from './trie.ts';

export interface PickerOptions {
  choices: { topic: string; field: string; name: string }[];
  /** Values that are stale or invalid: left out, given as null, or given as they are. */
  bad: 'drop' | 'null' | 'pass';
  /** Only values that differ from the one before. */
  onlyChanges: boolean;
}

export interface Picked {
  topic: string;
  name: string;
  value: unknown;
  /** The whole object the value was taken from. */
  reading: object;
  isBad: boolean;
  text: string;
}

type Choice = PickerOptions['choices'][number];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** "flows.solar_load" leads into the object. */
const property = (object: Record<string, unknown>, path: string): unknown =>
  path.split('.').reduce<unknown>((at, key) => (isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined), object);

/** "devices/101/battery/soc" becomes "101_battery_soc"; the property follows where it is not the value. */
const nameOf = (topic: string, field: string): string =>
  [...topic.split('/').slice(1), ...(field === '' ? [] : [field])].join('_').replace(/[^A-Za-z0-9_]/g, '_');

const textOf = (value: unknown): string => {
  if (typeof value === 'number') return String(Number(value.toPrecision(4)));
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
};

export const createPicker = ({ choices, bad, onlyChanges }: PickerOptions) => {
  const trie = createTrie<Choice>();
  for (const choice of choices) trie.add(choice.topic, choice);
  const matching = new Map<string, Choice[]>();
  const last = new Map<string, unknown>();

  const choicesFor = (topic: string): Choice[] => {
    let found = matching.get(topic);
    if (!found) {
      found = [...trie.match(topic)];
      if (matching.size >= 20_000) matching.clear();
      matching.set(topic, found);
    }
    return found;
  };

  const pickOne = (topic: string, reading: Record<string, unknown>, choice: Choice): Picked[] => {
    const value = property(reading, choice.field || 'value');
    if (value === undefined) return [];
    const isBad = reading.quality === 'stale' || reading.quality === 'invalid' || value === null;
    if (isBad && bad === 'drop') return [];
    const given = isBad && bad === 'null' ? null : value;
    const name = choice.name || nameOf(topic, choice.field);
    if (onlyChanges && last.has(name) && last.get(name) === given) return [];
    last.set(name, given);
    return [{ topic: choice.name || topic, name, value: given, reading, isBad, text: textOf(given) }];
  };

  return {
    /** @param payload one object of the contract or an array of them; anything else gives nothing */
    pick: (payload: unknown): Picked[] =>
      [payload].flat().flatMap((each) => {
        if (!isRecord(each) || typeof each.topic !== 'string') return [];
        const { topic } = each;
        return choicesFor(topic).flatMap((choice) => pickOne(topic, each, choice));
      }),
  };
};
