/** The EVSEs of a station by their numbers; 0 is the station as a whole. */
import type { Clock } from '../../../model/time.ts';
import type { Sample } from '../../driver.ts';
import type { ChannelBook } from './channels.ts';
import { type Connector, type ConnectorOptions, createConnector } from './connector.ts';
import type { Memory } from './memory.ts';

export interface Connectors {
  /** A new one shows itself by being asked for. */
  of(evse: number): Connector;
  /** Without the station as a whole. */
  numbers(): number[];
  /** Where something belongs: a station with one EVSE may well call it 0, or not name it. */
  place(evse: number | undefined): number;
  all(): Connector[];
  /** What is to be told since the last time. */
  drain(): Sample[];
}

/** Whatever a station says: more it does not have. */
const mostEvses = 64;

/** @param added there is a new one */
export const createConnectors = (
  options: Omit<ConnectorOptions, 'evse' | 'supplyPhases'>,
  channels: ChannelBook,
  memory: Memory,
  clock: Clock,
  added: () => void,
): Connectors => {
  const connectors = new Map<number, Connector>();

  /** In order; asked for with every message. */
  let numbers: number[] = [];

  const add = (evse: number): Connector => {
    const supplyPhases = (): number | undefined => memory.facts().supplyPhases?.[String(evse)];
    const fresh = createConnector({ ...options, evse, supplyPhases }, channels, clock);
    connectors.set(evse, fresh);
    numbers = [...connectors.keys()].filter((each) => each > 0).sort((a, b) => a - b);
    return fresh;
  };
  for (const evse of memory.facts().evses ?? []) add(evse);

  return {
    of(number) {
      const evse = number > mostEvses ? 0 : number;
      const known = connectors.get(evse);
      if (known) return known;
      const fresh = add(evse);
      memory.note({ evses: numbers });
      added();
      return fresh;
    },
    numbers: () => numbers,
    place(evse) {
      if (evse !== undefined && evse > 0) return evse > mostEvses ? 0 : evse;
      return numbers.length === 1 ? (numbers[0] ?? 0) : 0;
    },
    all: () => [...connectors.values()],
    drain() {
      const drained: Sample[] = [];
      for (const each of connectors.values()) each.drain(drained);
      return drained;
    },
  };
};
