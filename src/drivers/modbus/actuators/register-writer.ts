/**
 * The writes of one device: in requests as they were planned, or register by register where the device refuses Write
 * Multiple Registers. Some inverters take their limit by Write Single Register alone.
 */

import type { WriteHabits } from '../device/write-habits.ts';
import { isIllegalRequest, ModbusFailure } from '../failures.ts';
import { functionCodes, type WriteRequest } from '../messages.ts';
import type { Bus } from '../transport/bus/bus.ts';
import { type PlannedWrite, toRequest, type WantedPoint } from './write-plan.ts';

const { writeSingleRegister, writeMultipleRegisters } = functionCodes;

/**
 * @returns the requests for one point, register by register. A point of several registers goes by Write Multiple
 *   Registers, because its halves are another value; a timer or counter (uint32) does without: its first half is 0
 */
const requestsOf = (unit: number, point: WantedPoint): WriteRequest[] => {
  const request = toRequest(unit, point);
  const { values, address } = request;
  if (values.length > 1 && point.point.type !== 'uint32') return [{ ...request, functionCode: writeMultipleRegisters }];
  return values.map((value, n) => ({
    unit,
    functionCode: writeSingleRegister,
    address: address + n,
    values: [value],
  }));
};

/** @returns the requests for the points of a write one by one, in the order of the profile, without those that complete it */
const singleRequests = ({ request: { unit }, wanted }: PlannedWrite): WriteRequest[] =>
  wanted.filter(({ isFiller }) => !isFiller).flatMap((each) => requestsOf(unit, each));

/** Whether a request can be tried point by point: one of the points has to be a register of its own. */
const canBeTriedSingly = ({ request, wanted }: PlannedWrite): boolean =>
  request.functionCode === writeMultipleRegisters && wanted.some(({ words }) => words.length === 1);

/** Writes to the registers of one device. */
export class RegisterWriter {
  readonly #bus: Pick<Bus, 'write'>;
  readonly #habits: WriteHabits;

  constructor(bus: Pick<Bus, 'write'>, habits: WriteHabits) {
    this.#bus = bus;
    this.#habits = habits;
  }

  /**
   * @param notAfter monotonic ms after which the first request is not sent any more
   * @throws ModbusFailure
   */
  async write(planned: PlannedWrite, notAfter: number): Promise<void> {
    if (this.#habits.writesSingly && planned.request.functionCode === writeMultipleRegisters) {
      await this.#writeSingly(planned, notAfter);
      return;
    }
    try {
      await this.#bus.write(planned.request, notAfter);
    } catch (error) {
      if (!(error instanceof ModbusFailure && isIllegalRequest(error) && canBeTriedSingly(planned))) throw error;
      await this.#trySingly(planned, { notAfter, refusal: error });
    }
  }

  /** @throws the refusal of the request as it was planned, if the device refuses its first register as well */
  async #trySingly(planned: PlannedWrite, { notAfter, refusal }: { notAfter: number; refusal: Error }): Promise<void> {
    const [first, ...others] = singleRequests(planned);
    if (!first) return;
    try {
      await this.#bus.write(first, notAfter);
    } catch (error) {
      throw error instanceof ModbusFailure && isIllegalRequest(error) ? refusal : error;
    }
    this.#habits.writesSingly = true;
    for (const request of others) await this.#bus.write(request);
  }

  async #writeSingly(planned: PlannedWrite, notAfter: number): Promise<void> {
    const [first, ...others] = singleRequests(planned);
    if (first) await this.#bus.write(first, notAfter);
    // A write that has begun is carried out to its end.
    for (const request of others) await this.#bus.write(request);
  }
}
