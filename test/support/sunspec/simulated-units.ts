/**
 * Units with register images behind one Modbus connection: without sockets on a jumping clock, or on a Modbus TCP server.
 * Each unit decides by itself which requests it refuses, as real devices do.
 */

import { pause } from '../../../src/common/pause.ts';
import { exceptionFailure, timeoutFailure } from '../../../src/drivers/modbus/failures.ts';
import { type Bus, createBus, type ReadRequest } from '../../../src/drivers/modbus/index.ts';
import type { Clock } from '../../../src/model/time.ts';
import { createJumpingClock } from '../jumping-clock.ts';
import { createScriptedLink, type ScriptedLink } from '../modbus/scripted-link.ts';
import { exceptionFrame, frameOf, reply, type ScriptedServer, startScriptedServer } from '../modbus/scripted-server.ts';

/** The registers; a number: an exception code. */
export type UnitAnswer = readonly number[] | number | 'silent';

/** A unit as it answers requests for holding registers. */
export type SimulatedUnit = (address: number, count: number) => UnitAnswer;

export type SimulatedUnits = Readonly<Record<number, SimulatedUnit>>;

/** Illegal data address: MODBUS Application Protocol V1.1b3 §7. */
export const illegalAddress = 2;

/**
 * A unit with registers.
 * @param words what is not among them is refused
 * @param refuse says how a request is answered in another way; undefined: with the registers
 */
export const unitOf = (
  words: ReadonlyMap<number, number>,
  refuse: (address: number, count: number) => UnitAnswer | undefined = () => undefined,
): SimulatedUnit => {
  return (address, count) => {
    const refusal = refuse(address, count);
    if (refusal !== undefined) return refusal;
    const values = Array.from({ length: count }, (_, n) => words.get(address + n));
    const found = values.filter((word) => word !== undefined);
    return found.length === count ? found : illegalAddress;
  };
};

const bufferOf = (words: readonly number[]): Buffer => {
  const data = Buffer.alloc(words.length * 2);
  for (const [n, word] of words.entries()) data.writeUInt16BE(word, n * 2);
  return data;
};

export interface SimulatedBus {
  bus: Bus;
  clock: Clock;
  link: ScriptedLink;
  /** Requests so far, in short: "126: 40000+2". */
  asked(): string[];
}

/** @param roundTripMs time on the clock from a request to its answer */
export const simulateUnits = (units: SimulatedUnits, roundTripMs = 0): SimulatedBus => {
  const clock = createJumpingClock();
  const answer = async (request: ReadRequest, timeoutMs: number): Promise<Buffer> => {
    const given = units[request.unit]?.(request.address, request.count) ?? 'silent';
    const tookMs = given === 'silent' ? timeoutMs : roundTripMs;
    if (tookMs > 0) await pause(tookMs, clock);
    if (given === 'silent') throw timeoutFailure(request, timeoutMs);
    if (typeof given === 'number') throw exceptionFailure(request, given);
    return bufferOf(given);
  };
  const link = createScriptedLink(answer);
  return {
    bus: createBus(link, clock),
    clock,
    link,
    asked: () => link.asked.map(({ request: { unit, address, count } }) => `${unit}: ${address}+${count}`),
  };
};

/** A Modbus TCP server with these units; a unit that is not among them is silent. @param delayMs before each answer */
export const serveUnits = (units: SimulatedUnits, delayMs = 0): Promise<ScriptedServer> =>
  startScriptedServer((asked) => {
    const given = units[asked.unit]?.(asked.address, asked.count) ?? 'silent';
    if (given === 'silent') return;
    const frame = typeof given === 'number' ? exceptionFrame(asked, given) : frameOf(asked, {}, [...given]);
    if (delayMs > 0) setTimeout(() => reply(asked, frame), delayMs);
    else reply(asked, frame);
  });
