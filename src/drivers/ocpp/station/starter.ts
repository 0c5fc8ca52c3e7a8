/** Cars that wait to be let: started once for each time they are plugged in, where the station leaves that to us. */
import type { Connector } from './connector.ts';

export interface Starter {
  moved(evse: number): void;
}

/**
 * @param isWanted the station starts nothing by itself, and everybody may charge
 * @param start may fail: the next car is started again
 */
export const createStarter = (
  isWanted: () => boolean,
  connector: (evse: number) => Connector,
  transaction: (evse: number) => string | undefined,
  start: (evse: number) => Promise<unknown>,
): Starter => {
  const started = new Set<number>();
  return {
    moved(evse) {
      const status = connector(evse).status;
      if (status === 'available') started.delete(evse);
      if (!isWanted() || status !== 'preparing' || started.has(evse) || transaction(evse) !== undefined) return;
      started.add(evse);
      start(evse).catch(() => {});
    },
  };
};
