/** The candidates for each quantity of a device: every point, or sum of points, that could give it, the best one first. */
import { findQuantity, isVendorWord } from '../../../model/quantities.ts';
import type { PlacedPoint } from '../models/model-layout.ts';
import { ComponentNames, type NamedComponent } from './component-names.ts';
import { hasStorage } from './device-side.ts';
import { partsOf } from './group-parts.ts';
import type { MapEntry, MapFamily, MapPart, QuantityMap, SideName, SignName } from './quantity-map.ts';
import type { ReadModel } from './read-model.ts';

/** A point that a candidate is made from. */
export interface CandidateTerm {
  model: ReadModel;
  point: PlacedPoint;
  /** In the profile of the device. */
  name: string;
  entry: MapEntry;
  isNegative: boolean;
  group: NonNullable<MapFamily['group']>;
}

/** A way to give one quantity, identity field or set of events. */
export interface Candidate {
  component: NamedComponent;
  /** "inverter/power/l1"; absent for an identity field and for events. */
  quantity?: string;
  /** Several terms are added up. */
  isSum: boolean;
  /** Two terms are multiplied. */
  isProduct?: boolean;
  terms: CandidateTerm[];
  sign?: SignName;
}

/** The candidates of one device. */
export interface Candidates {
  /** The candidates by their quantity, or by "identity serial". */
  byTarget: Map<string, Candidate[]>;
  events: Candidate[];
}

/** Choices of the integrator, by the name of the param. */
export type SignChoices = Partial<Record<SignName, string>>;

interface Place {
  model: ReadModel;
  family: MapFamily;
  component: NamedComponent;
  /** Begins the paths of the points. */
  prefix: string;
}

/** @returns whether the integrator has chosen, and whether the choice turns the sign */
const choiceOf = (sign: SignName | undefined, map: QuantityMap, choices: SignChoices) => {
  const chosen = sign === undefined ? undefined : choices[sign];
  const isChosen = chosen !== undefined && chosen !== 'unknown';
  return { isChosen, isTurned: sign !== undefined && isChosen && map.params[sign]?.negative === chosen };
};

/** Collects the candidates of one device. */
class Collection implements Candidates {
  readonly byTarget = new Map<string, Candidate[]>();
  readonly events: Candidate[] = [];
  readonly #map: QuantityMap;
  readonly #choices: SignChoices;

  constructor(map: QuantityMap, choices: SignChoices) {
    this.#map = map;
    this.#choices = choices;
  }

  addPoints(points: Readonly<Record<string, MapEntry>>, place: Place): void {
    for (const [name, entry] of Object.entries(points)) {
      const point = place.model.layout.points.get(`${place.prefix}${name}`);
      if (point) this.#addEntry(entry, point, place);
    }
  }

  /** Adds quantities that two points give together, behind those that a point gives by itself. */
  addProducts(products: NonNullable<MapPart['products']>, { model, family, component, prefix }: Place): void {
    const { group = 'fast' } = family;
    for (const [quantity, factors] of Object.entries(products)) {
      const terms = factors.flatMap((path): CandidateTerm[] => {
        const point = model.layout.points.get(`${prefix}${path}`);
        return point ? [{ model, point, name: model.nameOf(point), entry: {}, isNegative: false, group }] : [];
      });
      const target = this.#pathOf(quantity, {}, component);
      if (target !== undefined && terms.length === factors.length)
        this.#add(target, { component, quantity: target, isSum: false, isProduct: true, terms });
    }
  }

  #addEntry(entry: MapEntry, point: PlacedPoint, { model, family, component }: Place): void {
    const { isChosen, isTurned } = choiceOf(entry.sign, this.#map, this.#choices);
    const isUnproven = entry.otherwise !== undefined && !isChosen;
    const isNegative = (entry.isNegative ?? false) !== (entry.otherwise !== undefined && isTurned);
    const { group = 'fast' } = family;
    const term = { model, point, name: model.nameOf(point), entry, isNegative, group };
    const sign = entry.otherwise === undefined && entry.sign !== undefined ? { sign: entry.sign } : {};
    const add = (quantity: string | undefined, isSum: boolean): void => {
      // The number of a part, as in "solar/2", is not that of the total.
      const owner = isSum && family.repeat !== undefined ? component.type : component.path;
      const path = quantity === undefined ? undefined : this.#pathOf(quantity, entry, { ...component, path: owner });
      if (path !== undefined) this.#add(path, { component, quantity: path, isSum, terms: [term], ...sign });
    };
    add(isUnproven ? entry.otherwise : entry.quantity, false);
    if (!isUnproven) add(entry.total, true);
    if (entry.identity !== undefined)
      this.#add(`identity ${entry.identity}`, { component, isSum: false, terms: [term] });
    if (entry.events !== undefined) this.events.push({ component, isSum: false, terms: [term] });
  }

  /** @returns undefined if the component does not have the quantity, or no word for its states */
  #pathOf(given: string, { words }: MapEntry, { path, type, quantities }: NamedComponent): string | undefined {
    const [name = '', part] = given.split('/');
    const quantity = quantities[name] ?? name;
    if (!findQuantity(type, quantity) && !isVendorWord(quantity)) return undefined;
    if (words !== undefined && !this.#map.words[words]?.[type]) return undefined;
    return [path, quantity, ...(part === undefined ? [] : [part])].join('/');
  }

  /** The parts of a total that lie in one model are one candidate. */
  #add(target: string, candidate: Candidate): void {
    const known = this.byTarget.get(target) ?? [];
    this.byTarget.set(target, known);
    const [term] = candidate.terms;
    const sum = candidate.isSum && known.find((each) => each.isSum && each.terms[0]?.model === term?.model);
    if (sum) sum.terms.push(...candidate.terms);
    else known.push(candidate);
  }
}

/** @param side what the AC side of the device carries; undefined: it has none */
export const candidatesOf = (
  models: readonly ReadModel[],
  map: QuantityMap,
  { side, choices }: { side: SideName | undefined; choices: SignChoices },
): Candidates => {
  const names = new ComponentNames(map, models, side);
  const isStorage = hasStorage(models, map);
  const collection = new Collection(map, choices);
  for (const family of map.families) {
    if (family.unless?.some((id) => models.some((model) => model.id === id))) continue;
    if (family.isForStorage && !isStorage) continue;
    for (const id of family.models)
      for (const model of models.filter((each) => each.id === id)) {
        const component = names.find(family.component, model);
        if (family.points && component) collection.addPoints(family.points, { model, family, component, prefix: '' });
        for (const { part, n, prefix } of partsOf(family, model)) {
          const owner = names.find(part.component, model, n);
          if (!owner) continue;
          collection.addPoints(part.points, { model, family, component: owner, prefix });
          collection.addProducts(part.products ?? {}, { model, family, component: owner, prefix });
        }
      }
  }
  return collection;
};
