/** The components of a device: which of them a model, or a part of one, belongs to. */
import type { QuantityMap, SideName } from './quantity-map.ts';
import type { ReadModel } from './read-model.ts';

/** Meter models: 201 to 204 and 211 to 214. */
const isMeterModel = ({ id }: ReadModel): boolean => (id >= 201 && id <= 204) || (id >= 211 && id <= 214);

/** A component, and the names that its quantities have there. */
export interface NamedComponent {
  /** "inverter", "solar/2"; empty for the device as a whole. */
  path: string;
  type: string;
  quantities: Readonly<Record<string, string>>;
}

const named = (path: string, quantities: NamedComponent['quantities'] = {}): NamedComponent => ({
  path,
  type: path.split('/')[0] ?? '',
  quantities,
});

/** Finds the components of one device. */
export class ComponentNames {
  readonly #map: QuantityMap;
  readonly #models: readonly ReadModel[];
  readonly #side: SideName | undefined;
  /** A number for each meter: one meter may list its values as integers and as floats. */
  readonly #meters: readonly string[];

  constructor(map: QuantityMap, models: readonly ReadModel[], side: SideName | undefined) {
    this.#map = map;
    this.#models = models;
    this.#side = side;
    this.#meters = [...new Set(models.filter(isMeterModel).map((model) => this.#meterKey(model)))];
  }

  /**
   * @param component as the map names it
   * @param n number of the instance in a repeating group
   * @returns undefined if the device does not have the component, or has had it already
   */
  find(component: string, model: ReadModel, n?: number): NamedComponent | undefined {
    if (component === 'ac') {
      if (this.#side === undefined || model.nth > 1) return undefined;
      const side = this.#map.components.ac[this.#side];
      return named(side.component, side.quantities);
    }
    if (component === 'device') return model.nth > 1 ? undefined : named('');
    if (component.includes('{n}')) return named(component.replace('{n}', String(n ?? model.nth)));
    if (component === 'meter')
      return named(this.#meters.length > 1 ? `meter/${this.#meters.indexOf(this.#meterKey(model)) + 1}` : 'meter');
    const isAlone = n !== undefined || this.#models.every(({ id, nth }) => id !== model.id || nth === 1);
    return named(isAlone ? component : `${component}/${model.nth}`);
  }

  #meterKey({ id, section, nth }: ReadModel): string {
    const before = this.#models.filter((each) => each.id === id && each.section === section && each.nth < nth);
    return `${section} ${before.length}`;
  }
}
