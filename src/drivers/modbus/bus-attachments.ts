/** The devices that share a connection: it is opened for the first of them, and closed some time after the last. */
import type { Clock, Timer } from '../../model/time.ts';
import { createUnit, setUsers, type Unit, type UnitLimits } from './bus-unit.ts';

export interface Attachments {
  /** @returns how to leave */
  attach(id: number, limits: UnitLimits): () => void;
  /** Resolves when the last has left, or after so long. */
  empty(patienceMs: number): Promise<void>;
  cancel(): void;
}

export interface AttachedConnection {
  units: Map<number, Unit>;
  /** What the integrator entered for the whole connection, in place of what the profiles say. */
  fixed: Partial<UnitLimits>;
  open(): void;
  close(): void;
  /** Nobody uses the unit any more. */
  left(unit: Unit): void;
}

/** A redeploy takes devices away and brings them back: the connection outlives that. */
const unusedMs = 2000;

export const createAttachments = (
  clock: Clock,
  { units, fixed, open, close, left }: AttachedConnection,
): Attachments => {
  let unused: Timer | undefined;
  let emptied = (): void => {};

  const detach = (id: number, limits: UnitLimits): void => {
    const unit = units.get(id);
    if (!unit) return;
    setUsers(
      unit,
      unit.users.filter((user) => user !== limits),
      fixed,
    );
    if (unit.users.length > 0) return;
    units.delete(id);
    left(unit);
    if (units.size > 0) return;
    emptied();
    unused?.cancel();
    unused = clock.after(unusedMs, () => {
      if (units.size === 0) close();
    });
  };

  return {
    attach(id, limits) {
      const unit = units.get(id) ?? createUnit(id);
      units.set(id, unit);
      setUsers(unit, [...unit.users, limits], fixed);
      open();
      return () => detach(id, limits);
    },
    async empty(patienceMs) {
      if (units.size === 0 || patienceMs <= 0) return;
      await new Promise<void>((resolve) => {
        const patience = clock.after(patienceMs, resolve);
        emptied = () => {
          patience.cancel();
          resolve();
        };
      });
    },
    cancel: () => unused?.cancel(),
  };
};
