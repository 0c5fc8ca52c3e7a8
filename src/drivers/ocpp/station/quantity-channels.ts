/** The quantities of a station: those it is known for, and those it shows with time, which come behind. */
import { z } from 'zod';
import { findQuantity } from '../../../model/quantities.ts';
import type { Channel } from '../../driver.ts';
import type { StationRecords } from './station-records.ts';

export interface ChannelOptions {
  /** Between two samples of the station, s. */
  intervalS: number;
  /** Called when there is a new channel, or one is told in another interval. */
  changed(): void;
}

const record = z.object({ channel: z.tuple([z.number(), z.string(), z.string().nullable()]) });

/** States, which are told when they change, are told again this often, s. */
export const repeatStatesS = 300;
/** Registers rest while nobody charges. */
const counterAgeS = 86_400;
const parts = new Set(['l1', 'l2', 'l3', 'n', 'l1_l2', 'l2_l3', 'l3_l1']);

/**
 * The place of a quantity, the same for all stations: thousands of them are looked up in one table that stays at hand.
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

interface Place {
  /** 0: the station as a whole. */
  evse: number;
  quantity: string;
  part: string | undefined;
}

const describe = ({ evse, quantity, part }: Place, intervalS: number, isDerived: boolean): Channel | undefined => {
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

/** Channels by interval, then by place: a channel is never changed, and the same for all stations that tell as often. */
const measured = new Map<number, (Channel | undefined)[]>();
const derived = new Map<number, (Channel | undefined)[]>();

const sharedChannel = (place: Place, intervalS: number, isDerived = false): Channel | undefined => {
  const shared = isDerived ? derived : measured;
  const byPlace = shared.get(intervalS) ?? [];
  shared.set(intervalS, byPlace);
  const number = placeOf(place.evse, place.quantity, place.part);
  byPlace[number] ??= describe(place, intervalS, isDerived);
  return byPlace[number];
};

/** Intervals of derived values, s: few, so that none changes with every reading. */
const longestIntervalS = 3600;
const intervals = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];

/** The channels of one station, kept over restarts. */
export class QuantityChannels {
  /** As the driver numbers them. */
  readonly all: Channel[] = [];
  /** Numbers by place. */
  private readonly known: (number | undefined)[] = [];
  private readonly records: StationRecords;
  private readonly options: ChannelOptions;

  constructor(records: StationRecords, options: ChannelOptions) {
    this.records = records;
    this.options = options;
    for (const given of records.loaded) {
      const parsed = record.safeParse(given);
      if (!parsed.success) continue;
      const [evse, quantity, part] = parsed.data.channel;
      if (this.known[placeOf(evse, quantity, part ?? undefined)] === undefined)
        this.add({ evse, quantity, part: part ?? undefined });
    }
    records.keep(() => this.all.map(({ index = 0, quantity, part }) => ({ channel: [index, quantity, part ?? null] })));
  }

  /**
   * @param evse 0: the station as a whole
   * @returns the number of the channel, a new one where the quantity was not known; undefined where the model has none
   */
  channelOf(evse: number, quantity: string, part?: string): number | undefined {
    const channel = this.known[placeOf(evse, quantity, part)];
    if (channel !== undefined) return channel;
    const fresh = this.add({ evse, quantity, part });
    if (fresh === undefined) return undefined;
    this.records.append({ channel: [evse, quantity, part ?? null] }, false);
    this.options.changed();
    return fresh;
  }

  /** A quantity that is computed from others is told as often as they are. @param derivedS undefined: it is measured */
  setInterval(channel: number, derivedS: number | undefined): void {
    const { index = 0, quantity = '', part, isDerived = false, intervalS } = this.all[channel] ?? {};
    if (derivedS === undefined && !isDerived) return;
    const wanted =
      derivedS === undefined
        ? this.options.intervalS
        : (intervals.find((each) => each >= derivedS) ?? longestIntervalS);
    if (isDerived === (derivedS !== undefined) && intervalS === wanted) return;
    const next = sharedChannel({ evse: index, quantity, part }, wanted, derivedS !== undefined);
    if (!next) return;
    this.all[channel] = next;
    this.options.changed();
  }

  /** The known channels of one EVSE. */
  of(evse: number): { channel: number; quantity: string; part: string | undefined }[] {
    return this.all.flatMap(({ index = 0, quantity, part }, channel) =>
      index === evse ? [{ channel, quantity, part }] : [],
    );
  }

  private add(place: Place): number | undefined {
    const channel = sharedChannel(place, this.options.intervalS);
    if (!channel) return undefined;
    this.known[placeOf(place.evse, place.quantity, place.part)] = this.all.length;
    return this.all.push(channel) - 1;
  }
}
