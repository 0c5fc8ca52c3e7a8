/** Points of a profile from candidates: registers with the meaning that the map gives them, and sums of them. */
import { findQuantity } from '../../../model/quantities.ts';
import type { ProfilePoint } from '../../modbus/index.ts';
import { profilePointOf } from '../codec/profile-points.ts';
import { symbolKeysOf } from '../codec/symbols.ts';
import type { PointDefinition } from '../messages.ts';
import type { Candidate, CandidateTerm } from './candidates.ts';
import type { QuantityMap } from './quantity-map.ts';
import { exponentOf } from './read-model.ts';

/** The event of a bit without a name. */
const vendorEvent = 'vendor_event';
/** Symbols that mean nothing. */
const reserved = /^(M_EVENT_)?reserved/i;

const toWord = (symbol: string): string =>
  symbol
    .replace(/^M_EVENT_/, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');

const mapValues = (table: Readonly<Record<string, string>>, to: (symbol: string) => string): Record<string, string> =>
  Object.fromEntries(Object.entries(table).map(([key, symbol]) => [key, to(symbol)]));

const eventsOf = (
  { symbols = {} }: PointDefinition,
  { component }: Candidate,
  { severity, map }: { severity: NonNullable<CandidateTerm['entry']['events']>; map: QuantityMap },
): NonNullable<ProfilePoint['events']> => {
  const usual = (symbol: string): typeof severity =>
    symbol.endsWith('_WARNING') ? 'warning' : (map.severities[symbol] ?? severity);
  const named = Object.entries(symbols).filter(([, symbol]) => !reserved.test(symbol));
  return {
    component: component.path,
    bits: Object.fromEntries(named.map(([bit, symbol]) => [bit, { name: toWord(symbol), severity: usual(symbol) }])),
    others: { name: vendorEvent, severity: 'warning' },
  };
};

/** @returns the keys by which the numbers of an enumeration or bit field become words */
const wordKeysOf = (
  { definition }: CandidateTerm['point'],
  { entry, component, map }: { entry: CandidateTerm['entry']; component: Candidate['component']; map: QuantityMap },
): Pick<ProfilePoint, 'enum' | 'bits'> => {
  const { enum: words, bits } = symbolKeysOf(definition);
  if (bits) return { bits: mapValues(bits, toWord) };
  if (!words) return {};
  const table = entry.words === undefined ? undefined : map.words[entry.words]?.[component.type];
  return {
    enum: mapValues(words as Record<string, string>, (symbol) =>
      table ? (table[symbol] ?? 'unknown') : toWord(symbol),
    ),
  };
};

const isUnsigned = ({ type }: PointDefinition): boolean => type.startsWith('uint') || type.startsWith('acc');

/** Value at which an acc32 begins again from 0; its scale factor is believed to stay. */
const modulusOf = ({ model, point }: CandidateTerm): Pick<ProfilePoint, 'modulus'> => {
  const exponent = exponentOf(model, point);
  return point.definition.type === 'acc32' && exponent !== undefined ? { modulus: 2 ** 32 * 10 ** exponent } : {};
};

/** @returns the keys of a point that gives a quantity by itself */
const quantityKeysOf = (term: CandidateTerm, candidate: Candidate, map: QuantityMap): Partial<ProfilePoint> => {
  const { quantity = '', component, sign } = candidate;
  const { entry, point } = term;
  const known = findQuantity(component.type, quantity.slice(component.path.length + 1).split('/')[0] ?? '');
  const hasDirection =
    known?.min !== undefined && known.min < 0 && /power$|current$/.test(quantity.replace(/\/l\d$/, ''));
  return {
    quantity,
    ...wordKeysOf(point, { entry, component, map }),
    ...(known?.kind === 'counter' ? modulusOf(term) : {}),
    ...(hasDirection && isUnsigned(point.definition) ? { min: 0 } : {}),
    ...(entry.percentAbove === undefined ? {} : { percentAbove: entry.percentAbove }),
    ...(sign === undefined ? {} : { signVerified: false }),
  };
};

/** Points of a profile by their names. */
export class MappedPoints {
  readonly points = new Map<string, ProfilePoint>();
  /** The terms behind the points. */
  readonly terms = new Map<string, CandidateTerm>();
  readonly #map: QuantityMap;

  constructor(map: QuantityMap) {
    this.#map = map;
  }

  /** Adds what gives a quantity or an identity field. */
  add(candidate: Candidate): void {
    const { isSum, isProduct, terms, quantity, sign } = candidate;
    const [first] = terms;
    if (!first) return;
    if (isProduct) {
      this.#addProduct(candidate);
      return;
    }
    if (!isSum) {
      const keys = quantity === undefined ? this.#identityKeys(first) : quantityKeysOf(first, candidate, this.#map);
      this.#place(first, keys);
      return;
    }
    // A counter without one of its parts would jump.
    const isCounter = findQuantity(candidate.component.type, quantity?.split('/').at(-1) ?? '')?.kind === 'counter';
    for (const term of terms) this.#place(term, isCounter ? {} : { optional: true });
    const name = `sum.${(quantity ?? '').replaceAll('/', '.')}`;
    this.points.set(name, {
      name,
      quantity,
      sum: terms.map((term) => (term.isNegative ? `-${term.name}` : term.name)),
      ...(sign === undefined ? {} : { signVerified: false }),
    });
  }

  #addProduct({ terms, quantity = '', component }: Candidate): void {
    for (const term of terms) this.#place(term, {});
    const name = `product.${quantity.replaceAll('/', '.')}`;
    const unit = findQuantity(component.type, quantity.split('/').at(-1) ?? '')?.unit;
    const product = terms.map((term) => `@${term.name}`).join(' * ');
    this.points.set(name, { name, quantity, product, ...(unit === undefined ? {} : { unit }) });
  }

  /** Adds a bit field whose bits are events. */
  addEvents(candidate: Candidate): void {
    const [term] = candidate.terms;
    if (!term?.entry.events) return;
    this.#place(term, {
      events: eventsOf(term.point.definition, candidate, { severity: term.entry.events, map: this.#map }),
    });
  }

  #identityKeys({ entry: { identity } }: CandidateTerm): Partial<ProfilePoint> {
    return identity === undefined ? {} : { identity };
  }

  #place(term: CandidateTerm, keys: Partial<ProfilePoint>): void {
    const { point, model, name, entry } = term;
    const known = this.points.get(name) ?? {
      ...profilePointOf(point, model.nameOf),
      note: `model ${model.id}, ${point.path}`,
      ...(entry.unit === undefined ? {} : { unit: entry.unit }),
    };
    this.terms.set(name, term);
    this.points.set(name, { ...known, ...keys });
  }
}
