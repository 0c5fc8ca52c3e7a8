/** The values of derived points: sums, products, and the first of several sources. */
import type { Reason } from '../../../model/common.ts';
import type { Sample } from '../../driver.ts';
import { withoutBinaryResidue } from '../codec/number-formats.ts';
import type { DerivedLayout } from '../device/profile-layout.ts';
import { evaluate } from '../profiles/expression.ts';
import type { PointKnowledge } from './point-knowledge.ts';
import { SourceChoice } from './source-choice.ts';

/** The derived points of one device, with the sources that were chosen. */
export class DerivedValues {
  readonly #knowledge: PointKnowledge;
  /** The choice of each first-of point. */
  readonly #choices = new Map<DerivedLayout, SourceChoice>();

  constructor(derived: readonly DerivedLayout[], knowledge: PointKnowledge) {
    this.#knowledge = knowledge;
    for (const each of derived)
      if (each.point.kind === 'first')
        this.#choices.set(each, new SourceChoice(each.point.terms, each.isLifetimeCounter));
  }

  /** @param ts wall clock, ms since 1970 */
  sample(derived: DerivedLayout, ts: number): Sample {
    const { point, channel, termIndices, isLifetimeCounter } = derived;
    const missing = (reason: Reason): Sample => ({ channel, value: null, ts, reason });
    const chosen = this.#choices.get(derived)?.choose(termIndices.map((index) => this.#knowledge.known(index)));
    const made = chosen ? chosen.value : point.kind === 'product' ? this.#product(derived) : this.#sum(derived);
    if (typeof made === 'string') return missing(made);
    const value = withoutBinaryResidue(made);
    const isUnused = isLifetimeCounter && this.#knowledge.isAsleep && value === 0;
    const reason = this.#knowledge.voidReason(point.voidWhile) ?? (isUnused ? 'sentinel' : undefined);
    if (reason !== undefined) return missing(reason);
    const { min, max } = point.target;
    if (value < min || value > max) return missing('out_of_range');
    return { channel, value, ts, ...(isLifetimeCounter && chosen?.source && { counterId: chosen.source }) };
  }

  /** @returns the product in the unit of the quantity, or why there is none */
  #product({ point, termIndices }: DerivedLayout): number | Reason {
    const factors = new Map<string, number>();
    for (const [nth, { name, isOptional }] of point.terms.entries()) {
      const index = termIndices[nth] ?? -1;
      const known = this.#knowledge.known(index);
      const isLacking = known.kind === 'absent' && (isOptional || this.#knowledge.isExcluded(index));
      if (known.kind === 'void' || isLacking) return 'sentinel';
      if (known.kind !== 'value') return 'partial_inputs';
      factors.set(name, known.value);
    }
    const expression = point.kind === 'product' ? point.expression : '';
    const product = evaluate(expression, { name: () => undefined, point: (name) => factors.get(name) });
    // Adding 0 turns -0 into 0.
    return product === undefined ? 'sentinel' : product * point.target.factor + point.target.offset + 0;
  }

  /** @returns the sum in the unit of the quantity, 0 if the profile says that nothing means 0, or why there is none */
  #sum({ point, termIndices }: DerivedLayout): number | Reason {
    let total = 0;
    let found = 0;
    let isPartial = false;
    point.terms.forEach(({ factor, offset, isOptional }, nth) => {
      const index = termIndices[nth] ?? -1;
      const known = this.#knowledge.known(index);
      const isLost = known.kind === 'unknown' || (known.kind === 'absent' && !this.#knowledge.isLacking(index));
      if (known.kind === 'value') {
        total += known.value * factor + offset;
        found++;
      } else if (!this.#knowledge.isExcluded(index) && (isLost || !isOptional)) isPartial = true;
    });
    if (isPartial) return 'partial_inputs';
    if (found > 0) return total;
    const zeroWhile = point.kind === 'sum' ? point.zeroWhile : undefined;
    return zeroWhile && this.#knowledge.isCertain(zeroWhile) ? 0 : 'sentinel';
  }
}
