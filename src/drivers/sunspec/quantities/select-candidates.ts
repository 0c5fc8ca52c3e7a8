/**
 * The choice among candidates: the first one that the device implements gives the quantity. A choice is kept, so that
 * no counter jumps to another source when a better one shows itself at sunrise.
 */
import type { Candidate, Candidates, CandidateTerm } from './candidates.ts';
import type { SideName } from './quantity-map.ts';
import { isRefused, type ReadModel, readValue } from './read-model.ts';

/** The facts that are remembered of a device while its models are composed again and again. */
export interface CompositionMemory {
  /** Names of points that have had a value. A point does without one at night, or for a moment. */
  implemented: Set<string>;
  /** The candidate of each target, as the names of its model's points begin. */
  chosen: Map<string, string>;
  side?: SideName;
}

/** @returns the memory of a device that nothing is known of */
export const createMemory = (): CompositionMemory => ({ implemented: new Set(), chosen: new Map() });

/** Begins the names of the points of a candidate: "m103", or the whole name where one model has several candidates. */
const idOf = ({ isSum, isProduct = false, terms: [term] }: Candidate): string =>
  isSum ? (term?.name.split('.')[0] ?? '') : `${term?.name ?? ''}${isProduct ? ' *' : ''}`;

/** Notes which points have a value. */
const noteImplemented = ({ byTarget, events }: Candidates, { implemented }: CompositionMemory): void => {
  for (const { terms } of [...[...byTarget.values()].flat(), ...events])
    for (const { model, point, name } of terms) if (readValue(model, point.path) !== null) implemented.add(name);
};

/** Every device that has the model gives the point, as far as this one does not refuse it. */
const isDue = ({ point, model }: CandidateTerm): boolean => point.definition.isMandatory && !isRefused(model, point);

/** Quantities that a device tells of itself even while it sleeps. */
const isState = (quantity: string): boolean => /\/(status|x_\w+)$/.test(quantity);

/** @returns the models that have told a measured value: what such a model does not implement, it does not have */
const awakeModels = ({ byTarget }: Candidates, { implemented }: CompositionMemory): Set<ReadModel> =>
  new Set(
    [...byTarget.values()]
      .flat()
      .filter(({ quantity }) => quantity !== undefined && !isState(quantity))
      .flatMap(({ terms }) => terms.filter(({ name }) => implemented.has(name)).map(({ model }) => model)),
  );

/**
 * @returns the candidate of a target, with the terms that the device implements. While a device sleeps, and tells none,
 *   the first candidate that every device has to give; undefined if there is none
 */
const select = (
  target: string,
  all: Candidate[],
  { memory, awake }: { memory: CompositionMemory; awake: ReadonlySet<ReadModel> },
): Candidate | undefined => {
  const { implemented, chosen } = memory;
  const isImplemented = ({ name }: CandidateTerm): boolean => implemented.has(name);
  const able = all.filter(({ terms, isProduct }) =>
    isProduct ? terms.every(isImplemented) : terms.some(isImplemented),
  );
  const kept = able.find((each) => idOf(each) === chosen.get(target));
  const best = kept ?? able[0];
  if (!best) return all.find(({ terms }) => terms.every((term) => isDue(term) && !awake.has(term.model)));
  chosen.set(target, idOf(best));
  return { ...best, terms: best.terms.filter(isImplemented) };
};

/** The fields of events that count: alarms of one AC side are not told by two models. */
const selectEvents = (events: Candidate[], { implemented }: CompositionMemory): Candidate[] => {
  const owners = new Map<string, number>();
  return events.filter(({ component, terms: [term] }) => {
    if (!term || !(implemented.has(term.name) || isDue(term))) return false;
    const isPart = term.point.path.includes('.');
    const owner = owners.get(component.path) ?? term.model.id;
    if (!isPart) owners.set(component.path, owner);
    return isPart || owner === term.model.id;
  });
};

/** The candidates that are polled. */
export interface Selection {
  /** The candidate of each quantity, or of "identity serial". */
  byTarget: Map<string, Candidate>;
  events: Candidate[];
}

/** @param memory learns what the device implements, and what was chosen */
export const selectCandidates = (candidates: Candidates, memory: CompositionMemory): Selection => {
  noteImplemented(candidates, memory);
  const awake = awakeModels(candidates, memory);
  const byTarget = new Map<string, Candidate>();
  for (const [target, all] of candidates.byTarget) {
    const selected = select(target, all, { memory, awake });
    if (selected) byTarget.set(target, selected);
  }
  return { byTarget, events: selectEvents(candidates.events, memory) };
};
