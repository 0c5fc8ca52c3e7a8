/** The connection test of the form: whether anybody answers, before there is a profile. */
import type { Clock } from '../../../model/time.ts';
import { ModbusFailure } from '../failures.ts';
import type { ReadRequest } from '../messages.ts';
import type { Bus } from '../transport/bus/bus.ts';
import type { ModbusLink } from '../transport/modbus-link.ts';

/** The outcome of a connection test. */
type ConnectionTest =
  /** The unit has answered, be it with an exception. */
  { kind: 'answers'; unit: number; ms: number } | { kind: 'silent'; unit: number } | { kind: 'failed'; reason: string };

const testTimeoutMs = 3000;

/** @returns why there is no connection; undefined once it is open */
const opened = (link: ModbusLink, clock: Clock): Promise<string | undefined> =>
  new Promise((resolve) => {
    const giveUp = clock.after(testTimeoutMs, () => resolve('no connection within 3 s'));
    link.onState((state) => {
      if (state.kind !== 'open' && state.kind !== 'waiting') return;
      giveUp.cancel();
      resolve(state.kind === 'waiting' ? state.reason : undefined);
    });
    link.open();
  });

const testUnit = async (
  unit: number,
  clock: Clock,
  read: (request: ReadRequest) => Promise<unknown>,
): Promise<ConnectionTest> => {
  const startedAt = clock.monotonic();
  try {
    await read({ unit, table: 'holding', address: 0, count: 1 });
  } catch (error) {
    if (!(error instanceof ModbusFailure)) throw error;
    if (error.kind === 'timeout' || error.kind === 'unreachable') return { kind: 'silent', unit };
    if (error.kind !== 'exception') return { kind: 'failed', reason: error.message };
  }
  return { kind: 'answers', unit, ms: Math.round(clock.monotonic() - startedAt) };
};

/** Opens a connection for the test, asks for one register, and closes the connection again. */
export const testLink = async (link: ModbusLink, unit: number, clock: Clock): Promise<ConnectionTest> => {
  try {
    const reason = await opened(link, clock);
    if (reason !== undefined) return { kind: 'failed', reason };
    return await testUnit(unit, clock, (request) => link.send(request, testTimeoutMs));
  } finally {
    await link.close();
  }
};

/** Tests a connection that is in use, because many devices take one only. */
export const testBus = async (bus: Bus, clock: Clock): Promise<ConnectionTest> => {
  const unit = bus.attachedUnit() ?? 1;
  const detach = bus.attach(unit, { timeoutMs: testTimeoutMs, maxInFlight: 1, interRequestMs: 0 });
  try {
    return await testUnit(unit, clock, (request) => bus.read(request));
  } finally {
    detach();
  }
};
