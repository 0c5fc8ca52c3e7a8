/** pysunspec2, the SunSpec client of the SunSpec Alliance, in a process of its own. Needs `npm run test:peers`. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { headerSize } from '../../../src/drivers/sunspec/messages.ts';
import { freePorts } from '../free-ports.ts';
import { peerFile, startPeerProcess } from '../line-process.ts';
import { until } from '../until.ts';
import type { DeviceImage } from './model-images.ts';

/** A value of pysunspec2; infinity comes as text. */
export type PeerValue = number | string | null;

/** A model as pysunspec2 read it. */
export interface PeerModel {
  id: number;
  address: number;
  length: number;
  error: string;
  points: [path: string, raw: PeerValue, scaled: PeerValue][];
}

const python = '.venv/bin/python';

/** Whether the programs of other hands have been installed on this machine. */
export const hasPySunSpec = (): boolean => existsSync(peerFile(python));

/** Runs pysunspec2 until it is done. @returns the lines that it said */
const run = async <Line>(...words: string[]): Promise<Line[]> => {
  const lines: Line[] = [];
  const peer = startPeerProcess<Line>([python, peerFile('sunspec_client.py'), ...words], (line) => lines.push(line));
  const code = await peer.exit;
  if (code !== 0) throw new Error(`pysunspec2 ended with code ${code}`);
  return lines;
};

/** A point in the tables of pysunspec2. */
interface PeerPoint {
  name: string;
  type: string;
  size: number;
  scaleFactor: number | string | null;
  units: string | null;
  symbols: Record<string, string>;
  isMandatory: boolean;
  isStatic: boolean;
  isWritable: boolean;
}

/** A group in the tables of pysunspec2. */
export interface PeerGroup {
  name: string;
  type: string;
  count: number | string | null;
  points: PeerPoint[];
  groups: PeerGroup[];
}

/** @returns the model definitions that pysunspec2 has */
export const peerTables = (): Promise<{ id: number; label: string; group: PeerGroup }[]> => run('tables');

/** @returns the models that pysunspec2 reads from each unit of a server on this machine */
export const readAsPeer = (port: number, units: number[]): Promise<{ unit: number; models: PeerModel[] }[]> =>
  run('read', String(port), ...units.map(String));

/** pysunspec2 as a controller of one device. */
export interface PeerController {
  /**
   * Writes points of a model, and reads the model.
   * @param points scaled values by path; none: the model is only read
   * @returns the scaled values afterwards, and why the write failed
   */
  write(
    model: number,
    points?: Record<string, number>,
  ): Promise<{ error: string | null; values: Record<string, PeerValue> }>;
  close(): Promise<void>;
}

/** Starts pysunspec2 with a connection to a unit of a server on this machine. */
export const startPeerController = (port: number, unit: number): PeerController => {
  type Answer = { error: string | null; points: PeerModel['points'] };
  let heard = (_: Answer): void => {};
  const command = [python, peerFile('sunspec_client.py'), 'control', String(port), String(unit)];
  const peer = startPeerProcess<Answer>(command, (answer) => heard(answer));
  const failed = peer.exit.then((code) => {
    throw new Error(`pysunspec2 ended with code ${code}`);
  });
  // Somebody hears of the end only while an answer is awaited.
  failed.catch(() => {});
  return {
    async write(model, points = {}) {
      const answered = new Promise<Answer>((resolve) => {
        heard = resolve;
      });
      peer.say({ model, points });
      const { error, points: read } = await Promise.race([answered, failed]);
      return { error, values: Object.fromEntries(read.map(([path, , scaled]) => [path, scaled])) };
    },
    close: () => peer.close(),
  };
};

/** pysunspec2 as a decoder of registers that it has. */
export interface PeerDecoder {
  /** Decodes all models so often as was said. @returns what it took */
  round(): Promise<{ count: number; seconds: number; cpuUs: number }>;
  close(): Promise<void>;
}

/**
 * Starts pysunspec2 with the registers of an image.
 * @param rounds how often each call decodes all models
 */
export const startPeerDecoder = ({ address, layouts, words }: DeviceImage, rounds: number): PeerDecoder => {
  const folder = mkdtempSync(join(tmpdir(), 'ems-sunspec-'));
  const file = join(folder, 'models');
  const models = layouts.map(({ definition, address: at, length }) => {
    const registers = words.slice(at - address, at - address + headerSize + length);
    return { id: definition.id, length, data: registers.map((word) => word.toString(16).padStart(4, '0')).join('') };
  });
  writeFileSync(file, JSON.stringify(models));
  type Round = Awaited<ReturnType<PeerDecoder['round']>>;
  let answer = (_: Round): void => {};
  const command = [python, peerFile('sunspec_client.py'), 'decode', file, String(rounds)];
  const peer = startPeerProcess<Round>(command, (round) => answer(round));
  return {
    round: () => {
      peer.say('round');
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
    async close() {
      await peer.close();
      rmSync(folder, { recursive: true });
    },
  };
};

/** Devices on pymodbus. */
export interface ServedImages {
  port: number;
  close(): Promise<void>;
}

/** Serves images over Modbus TCP. @param images by unit */
export const serveImages = async (images: ReadonlyMap<number, DeviceImage>): Promise<ServedImages> => {
  const [port = 0] = await freePorts(1);
  const folder = mkdtempSync(join(tmpdir(), 'ems-sunspec-'));
  const file = join(folder, 'images');
  const lines = [...images].map(([unit, { address, words }]) => JSON.stringify({ unit, address, words }));
  writeFileSync(file, `${lines.join('\n')}\n`);
  let isListening = false;
  const peer = startPeerProcess([python, peerFile('sunspec_server.py'), file, String(port)], () => {
    isListening = true;
  });
  const failed = peer.exit.then((code) => {
    throw new Error(`pymodbus ended at once, code ${code}`);
  });
  await Promise.race([failed, until(() => isListening, 'pymodbus listens')]);
  rmSync(folder, { recursive: true });
  return { port, close: peer.close };
};
