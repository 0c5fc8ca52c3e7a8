/** The commands that the blocks of a station carry out once, as the actuators of the station describe them. */
import { findVerb } from '../../model/verbs.ts';
import type { Actuator, ParameterRange, VerbDescription } from '../driver.ts';

/** Commands of one block. Each block hands out the same objects for every station, since there may be thousands. */
export interface BlockCommands {
  /** On each EVSE. */
  evse?: Actuator['verbs'];
  /** Commands of the station as a whole. */
  station?: Actuator['verbs'];
}

/**
 * Describes commands of an ev_charger.
 * @param ranges of the parameters, by verb of model/verbs.ts
 */
export const describeVerbs = (ranges: Record<string, Record<string, ParameterRange>>): Actuator['verbs'] =>
  Object.fromEntries(
    Object.entries(ranges).map(([name, params]): [string, VerbDescription] => {
      const verb = findVerb('ev_charger', name);
      if (!verb || verb.kind === 'release') throw new Error(`the model has no ${name}`);
      return [name, { kind: verb.kind, params, maxLeaseS: verb.maxLeaseS }];
    }),
  );

/** Merged commands by their names: a verb is described alike wherever it is offered. */
const mergedCommands = new Map<string, Actuator['verbs']>();

const merge = (parts: (Actuator['verbs'] | undefined)[]): Actuator['verbs'] => {
  const verbs: Actuator['verbs'] = Object.assign({}, ...parts);
  const names = Object.keys(verbs).join();
  const known = mergedCommands.get(names) ?? verbs;
  mergedCommands.set(names, known);
  return known;
};

/** @returns the commands of all blocks; the same objects for all stations that take the same commands */
export const mergeCommands = (blocks: readonly { commands?(): BlockCommands }[]): Required<BlockCommands> => {
  const all = blocks.map((block) => block.commands?.() ?? {});
  return { evse: merge(all.map(({ evse }) => evse)), station: merge(all.map(({ station }) => station)) };
};
