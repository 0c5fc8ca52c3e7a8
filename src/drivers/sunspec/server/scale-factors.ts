/**
 * The scale factors of a model that is served: each as fine as the values under it can be told. A factor grows with the
 * largest value and never shrinks again, since there are readers that read it once and keep it.
 */
import type { PointValue } from '../codec/model-codec.ts';
import type { PointDefinition, SunSpecType } from '../messages.ts';
import type { ModelLayout, PlacedPoint } from '../models/model-layout.ts';

/** Largest amounts that points can tell: the pattern beyond means "not implemented". */
const largest: Partial<Record<SunSpecType, number>> = {
  int16: 0x7fff,
  uint16: 0xfffe,
  int32: 0x7fff_ffff,
  uint32: 0xffff_fffe,
  // Doubles count no further one by one.
  int64: Number.MAX_SAFE_INTEGER,
  uint64: Number.MAX_SAFE_INTEGER,
  acc64: Number.MAX_SAFE_INTEGER,
};

/**
 * The finest powers of ten by the units of points. Power is told in whole watts: in tenths, the factor would change as
 * soon as a site exceeds 3.3 kW.
 */
const finest: Readonly<Record<string, number>> = { V: -2, A: -2, Hz: -3, Pct: -2 };
/** The finest power of ten of a number without units: the power factor of model 701. */
const finestRatio = -4;
/** SunSpec Device Information Model Specification, "sunssf": -10 to 10. */
const coarsest = 10;

/** acc32 begins again from 0 after so many steps. */
const rollover = 2 ** 32;

/** The points of a model that have one factor. */
interface ScaledGroup {
  factor: PlacedPoint;
  points: PlacedPoint[];
}

const groupsOf = ({ points }: ModelLayout): ScaledGroup[] => {
  const groups = new Map<PlacedPoint, ScaledGroup>();
  for (const point of points.values()) {
    const { scaleFactor: factor } = point;
    if (typeof factor !== 'object') continue;
    const group = groups.get(factor) ?? { factor, points: [] };
    group.points.push(point);
    groups.set(factor, group);
  }
  return [...groups.values()];
};

const isAccumulator = ({ type }: PointDefinition): boolean => type === 'acc32';

const finestOf = ({ units }: PointDefinition): number => (units === undefined ? finestRatio : (finest[units] ?? 0));

/** @returns the finest power of ten with which a value fits into the registers of its point */
const exponentFor = (definition: PointDefinition, value: number, from: number): number => {
  const most = largest[definition.type] ?? Number.POSITIVE_INFINITY;
  let exponent = from;
  while (exponent < coarsest && Math.round(Math.abs(value) / 10 ** exponent) > most) exponent++;
  return exponent;
};

/** The scale factors of one model. */
export class ScaleFactors {
  readonly #groups: readonly ScaledGroup[];
  readonly #exponents = new Map<PlacedPoint, number>();

  constructor(layout: ModelLayout) {
    this.#groups = groupsOf(layout);
  }

  /**
   * @param values scaled values by the paths of their points
   * @returns the values with their scale factors. A counter that has more digits than its point begins again from 0
   */
  scale(values: ReadonlyMap<string, PointValue>): Map<string, PointValue> {
    const scaled = new Map(values);
    for (const group of this.#groups) this.#scaleGroup(group, scaled);
    return scaled;
  }

  #scaleGroup({ factor, points }: ScaledGroup, values: Map<string, PointValue>): void {
    const known = points.filter(({ path }) => typeof values.get(path) === 'number');
    // The pattern of an accumulator without a value is 0, and of a mandatory one that is a value. Without a factor, none is.
    const isDoubtful = points.some(
      ({ definition, path }) => isAccumulator(definition) && definition.isMandatory && !values.has(path),
    );
    if (known.length === 0 || isDoubtful) {
      for (const { path } of points) values.delete(path);
      return;
    }
    let exponent = this.#exponents.get(factor) ?? Math.min(...known.map(({ definition }) => finestOf(definition)));
    for (const { definition, path } of known) {
      const value = Number(values.get(path));
      if (isAccumulator(definition)) values.set(path, Math.round(value) % rollover);
      else exponent = exponentFor(definition, value, exponent);
    }
    this.#exponents.set(factor, exponent);
    values.set(factor.path, exponent);
  }
}
