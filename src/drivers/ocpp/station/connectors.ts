/** The EVSEs of a station by their numbers; 0 is the station as a whole. */
import type { Sample } from '../../driver.ts';
import { type Connector, createConnector, drain, type Surroundings } from './connector.ts';
import type { Memory } from './memory.ts';

/** Thousands of these are at work: a record. */
export interface Connectors {
  readonly all: Connector[];
  /** In order, without the station as a whole. */
  numbers: number[];
  byNumber: (Connector | undefined)[];
  surroundings: Surroundings;
  memory: Memory;
  /** There is a new one. */
  added(): void;
}

/** Whatever a station says: more it does not have. */
const mostEvses = 64;

const add = (connectors: Connectors, evse: number): Connector => {
  const fresh = createConnector(evse, connectors.surroundings);
  connectors.all.push(fresh);
  connectors.byNumber[evse] = fresh;
  if (evse > 0) connectors.numbers = [...connectors.numbers, evse].sort((a, b) => a - b);
  return fresh;
};

/** @param added there is a new one */
export const createConnectors = (surroundings: Surroundings, memory: Memory, added: () => void): Connectors => {
  const connectors: Connectors = { all: [], numbers: [], byNumber: [], surroundings, memory, added };
  for (const evse of memory.facts.evses ?? []) add(connectors, evse);
  return connectors;
};

/** A new one shows itself by being asked for. */
export const connectorOf = (connectors: Connectors, number: number): Connector => {
  const evse = number > mostEvses ? 0 : number;
  const known = connectors.byNumber[evse];
  if (known) return known;
  const fresh = add(connectors, evse);
  connectors.memory.note({ evses: connectors.numbers });
  connectors.added();
  return fresh;
};

/** Where something belongs: a station with one EVSE may well call it 0, or not name it. */
export const placeOf = ({ numbers }: Connectors, evse: number | undefined): number => {
  if (evse !== undefined && evse > 0) return evse > mostEvses ? 0 : evse;
  return numbers.length === 1 ? (numbers[0] ?? 0) : 0;
};

/** What is to be told since the last time. */
export const drainAll = ({ all }: Connectors): Sample[] => {
  const drained: Sample[] = [];
  for (const each of all) drain(each, drained);
  return drained;
};
