/**
 * An RTU device that sends more frames than it was asked for, reads at random from it, and the count of wrong values
 * that were believed.
 */

import { createSeededRandom } from '../../../src/common/seeded-random.ts';
import { ModbusFailure } from '../../../src/drivers/modbus/failures.ts';
import type { ReadRequest } from '../../../src/drivers/modbus/messages.ts';
import type { LinkNotice } from '../../../src/drivers/modbus/transport/modbus-link.ts';
import type { Clock } from '../../../src/model/time.ts';
import { request } from './read-requests.ts';
import { withCheckSum } from './scripted-server.ts';

/** Faults whose frames come with the answer, or within the silence after the answer. */
export const soonFaults = ['doubled', 'echoed', 'broken first', 'exception first', 'glitch', 'pieces'] as const;
/** Faults whose frames come after the line has been silent for long enough. */
export const lateFaults = ['doubled late', 'answered late', 'unsolicited'] as const;
export type LineFault = (typeof soonFaults)[number] | (typeof lateFaults)[number];

export interface LineRun {
  seed: number;
  isChanging: boolean;
  /** Share of the exchanges with a fault, 0 to 1. */
  share: number;
  faults: LineFault[];
  silentMs: number;
  timeoutMs: number;
  exchanges: number;
  /** How often the line is left idle for a while after an exchange. */
  idleShare: number;
}

export interface WrongReading {
  request: ReadRequest;
  told: number;
}

export interface LineOutcome {
  told: number;
  failed: number;
  wrong: WrongReading[];
  withdrawn: Set<ReadRequest>;
  /** Frames beyond those that were asked for, or later than they were. */
  surplus: number;
  /** How late the device was at the most, ms: a machine that is busy elsewhere adds faults of its own. */
  latenessMs: number;
}

const addresses = [100, 110, 120];

const frameFor = (sent: Buffer, words: number[]): Buffer => {
  const data = Buffer.from(words.flatMap((word) => [word >> 8, word & 0xff]));
  return withCheckSum(Buffer.concat([sent.subarray(0, 2), Buffer.from([data.length]), data]));
};

/** The address tells whose value it is, the rest of the number when it was read. */
const period = 200;
const isOf = (value: number, address: number): boolean => value % period === address % period;

export const createSurplusDevice = (run: LineRun, clock: Clock, send: (bytes: Buffer) => void) => {
  const random = createSeededRandom(run.seed);
  const { silentMs, timeoutMs } = run;
  const between = (low: number, high: number): number => low + random() * (high - low);
  let surplus = 0;
  let latenessMs = 0;
  let turn = 0;
  /** A line answers in the order of the requests, however late. */
  let busyUntil = 0;

  const sendAfter = (bytes: Buffer, ms: number): void => {
    const meantAt = clock.monotonic() + ms;
    clock.after(ms, () => {
      latenessMs = Math.max(latenessMs, clock.monotonic() - meantAt);
      send(Buffer.from(bytes));
    });
  };

  const answer = (sent: Buffer): void => {
    const address = sent.readUInt16BE(2);
    const first = address + (run.isChanging ? period * (turn++ % 300) : 0);
    const frame = frameFor(
      sent,
      Array.from({ length: sent.readUInt16BE(4) }, (_, i) => first + i),
    );
    const tookMs = Math.max(0, busyUntil - clock.monotonic()) + between(0.005, 0.08) * timeoutMs;
    const isFaulty = run.faults.length > 0 && random() < run.share;
    const fault = isFaulty ? run.faults[Math.floor(random() * run.faults.length)] : undefined;
    if (fault !== undefined) surplus++;
    switch (fault) {
      case 'doubled':
        sendAfter(frame, tookMs + between(0, silentMs * 0.95));
        break;
      case 'echoed':
        sendAfter(sent, 0);
        break;
      case 'broken first': {
        const broken = Buffer.from(frame);
        broken[3] = (broken[3] ?? 0) ^ 0x55;
        sendAfter(broken, tookMs);
        sendAfter(frame, tookMs + between(0, silentMs * 0.95));
        return;
      }
      case 'exception first':
        sendAfter(withCheckSum(Buffer.from([sent[0] ?? 0, (sent[1] ?? 0) | 0x80, 4])), tookMs);
        sendAfter(frame, tookMs + between(0, silentMs * 0.95));
        return;
      case 'glitch':
        sendAfter(Buffer.concat([Buffer.from(random() < 0.5 ? [0xff] : [0x00, 0xff]), frame]), tookMs);
        return;
      case 'pieces':
        for (let i = 0; i < frame.length; i++) sendAfter(frame.subarray(i, i + 1), tookMs + i * silentMs * 0.02);
        return;
      case 'doubled late':
        sendAfter(frame, tookMs + between(silentMs, 2.5 * timeoutMs));
        break;
      case 'answered late':
        busyUntil = Math.max(busyUntil, clock.monotonic() + between(1, 2.5) * timeoutMs);
        sendAfter(frame, busyUntil - clock.monotonic());
        return;
      case 'unsolicited':
        sendAfter(frameFor(sent, [5001]), between(0, 3 * timeoutMs));
        break;
    }
    sendAfter(frame, tookMs);
  };

  return { answer, told: () => ({ surplus, latenessMs }) };
};

export interface RunningLine {
  read(request: ReadRequest, timeoutMs: number): Promise<Buffer>;
  onNotice(listener: (notice: LinkNotice) => void): void;
  /** Lets so much time pass. */
  wait(ms: number): Promise<void>;
  /** Counts of the device. */
  told(): Pick<LineOutcome, 'surplus' | 'latenessMs'>;
}

/** Reads one register, sometimes two, at random addresses and moments. */
export const readAtRandom = async (run: LineRun, line: RunningLine): Promise<LineOutcome> => {
  const random = createSeededRandom(run.seed + 1);
  const { timeoutMs, exchanges, idleShare } = run;
  const outcome: LineOutcome = { told: 0, failed: 0, wrong: [], withdrawn: new Set(), surplus: 0, latenessMs: 0 };
  line.onNotice((notice) => notice.kind === 'withdrawn' && outcome.withdrawn.add(notice.request));
  for (let i = 0; i < exchanges; i++) {
    const asked = request(addresses[Math.floor(random() * addresses.length)] as number, random() < 0.1 ? 2 : 1);
    try {
      const told = (await line.read(asked, timeoutMs)).readUInt16BE(0);
      outcome.told++;
      if (!isOf(told, asked.address)) outcome.wrong.push({ request: asked, told });
    } catch (error) {
      if (!(error instanceof ModbusFailure)) throw error;
      outcome.failed++;
    }
    if (random() < idleShare) await line.wait(random() * 1.5 * timeoutMs);
  }
  await line.wait(5 * timeoutMs);
  return { ...outcome, ...line.told() };
};

/** Wrong readings that nobody took back. */
export const believed = ({ wrong, withdrawn }: LineOutcome): WrongReading[] =>
  wrong.filter((each) => !withdrawn.has(each.request));
