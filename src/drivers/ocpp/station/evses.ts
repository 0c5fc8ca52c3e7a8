/** The EVSEs of a station by their numbers; 0 is the station as a whole. */
import type { Sample } from '../../driver.ts';
import { Evse } from './evse.ts';
import type { EvseContext } from './evse-states.ts';
import type { FactStore } from './station-facts.ts';

/** Whatever a station says: it does not have more. */
const mostEvses = 64;

/** The EVSEs of one station, which show themselves with time. */
export class Evses {
  readonly all: Evse[] = [];
  /** In ascending order, without the station as a whole. */
  numbers: number[] = [];
  private readonly byNumber: (Evse | undefined)[] = [];
  private readonly context: EvseContext;
  private readonly factStore: FactStore;
  private readonly added: () => void;

  /** @param added called when an EVSE has shown itself that was not known */
  constructor(context: EvseContext, factStore: FactStore, added: () => void) {
    this.context = context;
    this.factStore = factStore;
    this.added = added;
    for (const id of factStore.facts.evses ?? []) this.add(id);
  }

  /** undefined: it has not shown itself. */
  find(id: number): Evse | undefined {
    return this.byNumber[id];
  }

  /** An unknown EVSE shows itself by being asked for. */
  get(number: number): Evse {
    const id = number > mostEvses ? 0 : number;
    const known = this.byNumber[id];
    if (known) return known;
    const fresh = this.add(id);
    this.factStore.note({ evses: this.numbers });
    this.added();
    return fresh;
  }

  /** The EVSE that a message is about: a station with one EVSE may well call it 0, or not name it. */
  placeOf(id: number | undefined): number {
    if (id !== undefined && id > 0) return id > mostEvses ? 0 : id;
    return this.numbers.length === 1 ? (this.numbers[0] ?? 0) : 0;
  }

  /** The samples of all EVSEs since the last time. */
  drain(): Sample[] {
    const drained: Sample[] = [];
    for (const evse of this.all) evse.drain(drained);
    return drained;
  }

  private add(id: number): Evse {
    const fresh = new Evse(id, this.context);
    this.all.push(fresh);
    this.byNumber[id] = fresh;
    if (id > 0) this.numbers = [...this.numbers, id].sort((a, b) => a - b);
    return fresh;
  }
}
