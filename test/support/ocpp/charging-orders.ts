/** Orders to the driver of a charging station, as a bridge gives them. With a bridge in front: `send` of a station. */
import type { Applied, Driver, Order } from '../../../src/drivers/driver.ts';

/**
 * An order to the first EVSE that may begin, and stay in force, for as long as it likes.
 * @param verb absent: nothing is ordered any more, and the station falls back
 * @param more what differs from that
 */
export const chargingOrder = (
  verb: string | undefined,
  params: Order['params'] = {},
  more: Partial<Order> = {},
): Order => ({
  actuator: 'limit/1',
  ...(verb === undefined ? {} : { verb }),
  params,
  limits: {},
  startBy: Number.POSITIVE_INFINITY,
  notAfter: Number.POSITIVE_INFINITY,
  ...more,
});

export interface BegunOrder<Failure = Error> {
  /** Undefined until the order has come to something. */
  outcome: Applied | Failure | undefined;
}

/** Gives an order without waiting: its outcome is there once enough virtual time has passed. */
export const beginOrder = <Failure = Error>(
  driver: Driver,
  order: Order,
  signal = new AbortController().signal,
): BegunOrder<Failure> => {
  const begun: BegunOrder<Failure> = { outcome: undefined };
  driver.apply(order, signal).then(
    (applied) => {
      begun.outcome = applied;
    },
    (error: Failure) => {
      begun.outcome = error;
    },
  );
  return begun;
};
