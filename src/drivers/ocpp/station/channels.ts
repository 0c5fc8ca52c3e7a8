/** The quantities of a station: those it is known for, and those it shows with time, which come behind. */
import { z } from 'zod';
import { findQuantity } from '../../../model/quantities.ts';
import type { Channel } from '../../driver.ts';
import type { Ledger } from './store.ts';

/** Thousands of these are at work: a record. */
export interface ChannelBook {
  /** As the driver numbers them. */
  readonly all: Channel[];
  /** Numbers by place. */
  known: (number | undefined)[];
  ledger: Ledger;
  /** Between two samples of the station, s. */
  intervalS: number;
  /** There is a new one, or one is told in another interval. */
  added(): void;
}

const record = z.object({ channel: z.tuple([z.number(), z.string(), z.string().nullable()]) });

/** What is said when it changes is said again this often, s. */
export const repeatStatesS = 300;
/** Registers rest while nobody charges. */
const counterAgeS = 86_400;
const parts = new Set(['l1', 'l2', 'l3', 'n', 'l1_l2', 'l2_l3', 'l3_l1']);

/**
 * Where a quantity stands, the same for all stations: thousands of them are looked up in one table that stays at hand.
 */
const places = new Map<string, Map<string | undefined, number[]>>();
let placeCount = 0;

const placeOf = (evse: number, quantity: string, part: string | undefined): number => {
  const byPart = places.get(quantity) ?? new Map<string | undefined, number[]>();
  const byEvse = byPart.get(part) ?? [];
  const place = byEvse[evse];
  if (place !== undefined) return place;
  places.set(quantity, byPart.set(part, byEvse));
  byEvse[evse] = placeCount;
  return placeCount++;
};

const describe = (
  evse: number,
  quantity: string,
  part: string | undefined,
  intervalS: number,
  isDerived: boolean,
): Channel | undefined => {
  const known = findQuantity('ev_charger', quantity);
  if (!known || (part !== undefined && !parts.has(part))) return undefined;
  const isState = known.kind === 'state' || known.kind === 'text' || /limit|session|offered|max_|min_/.test(quantity);
  const measuredAgeS = Math.max(90, 3.5 * intervalS);
  return {
    type: 'ev_charger',
    ...(evse === 0 ? {} : { index: evse }),
    quantity,
    ...(part === undefined ? {} : { part }),
    ...(known.unit === undefined ? {} : { unit: known.unit }),
    kind: known.kind,
    intervalS: isState ? repeatStatesS : intervalS,
    maxAgeS: isState ? 3 * repeatStatesS : known.kind === 'counter' ? counterAgeS : measuredAgeS,
    report: isState || known.kind === 'counter' ? 'on_change' : 'periodic',
    signed: quantity === 'power' || quantity === 'current',
    ...(isDerived ? { isDerived } : {}),
    ...(quantity === 'id_tag' ? { isHashed: true } : {}),
  };
};

/** By interval, then by place: a channel is never changed, and the same for all stations that tell as often. */
const measured = new Map<number, (Channel | undefined)[]>();
const derived = new Map<number, (Channel | undefined)[]>();

const sharedChannel = (
  evse: number,
  quantity: string,
  part: string | undefined,
  intervalS: number,
  isDerived = false,
): Channel | undefined => {
  const shared = isDerived ? derived : measured;
  const byPlace = shared.get(intervalS) ?? [];
  shared.set(intervalS, byPlace);
  const place = placeOf(evse, quantity, part);
  byPlace[place] ??= describe(evse, quantity, part, intervalS, isDerived);
  return byPlace[place];
};

const add = (book: ChannelBook, evse: number, quantity: string, part: string | undefined): number | undefined => {
  const channel = sharedChannel(evse, quantity, part, book.intervalS);
  if (!channel) return undefined;
  book.known[placeOf(evse, quantity, part)] = book.all.length;
  return book.all.push(channel) - 1;
};

/**
 * @param intervalS between two samples of the station
 * @param added there is a new one
 */
export const createChannelBook = (ledger: Ledger, intervalS: number, added: () => void): ChannelBook => {
  const book: ChannelBook = { all: [], known: [], ledger, intervalS, added };
  for (const given of ledger.records) {
    const parsed = record.safeParse(given);
    if (!parsed.success) continue;
    const [evse, quantity, part] = parsed.data.channel;
    if (book.known[placeOf(evse, quantity, part ?? undefined)] === undefined)
      add(book, evse, quantity, part ?? undefined);
  }
  ledger.keep(() => book.all.map(({ index = 0, quantity, part }) => ({ channel: [index, quantity, part ?? null] })));
  return book;
};

/**
 * @param evse 0: the station as a whole
 * @returns the channel, a new one where it was not known; undefined where the model has no such quantity
 */
export const channelOf = (book: ChannelBook, evse: number, quantity: string, part?: string): number | undefined => {
  const channel = book.known[placeOf(evse, quantity, part)];
  if (channel !== undefined) return channel;
  const fresh = add(book, evse, quantity, part);
  if (fresh === undefined) return undefined;
  book.ledger.append({ channel: [evse, quantity, part ?? null] }, false);
  book.added();
  return fresh;
};

/** Intervals of derived values, s: few, so that none changes with every reading. */
const intervals = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/**
 * A quantity that is computed from others is told as often as they are.
 * @param derivedS between two of those, s; undefined: it is measured
 */
export const setChannelInterval = (book: ChannelBook, channel: number, derivedS: number | undefined): void => {
  const { index = 0, quantity = '', part, isDerived = false, intervalS } = book.all[channel] ?? {};
  if (derivedS === undefined && !isDerived) return;
  const wanted = derivedS === undefined ? book.intervalS : (intervals.find((each) => each >= derivedS) ?? 3600);
  if (isDerived === (derivedS !== undefined) && intervalS === wanted) return;
  const next = sharedChannel(index, quantity, part, wanted, derivedS !== undefined);
  if (!next) return;
  book.all[channel] = next;
  book.added();
};

/** Those of one EVSE that are known. */
export const channelsOf = (
  book: ChannelBook,
  evse: number,
): { channel: number; quantity: string; part: string | undefined }[] =>
  book.all.flatMap(({ index = 0, quantity, part }, channel) => (index === evse ? [{ channel, quantity, part }] : []));
