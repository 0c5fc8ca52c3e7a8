/**
 * An MQTT client in a process of its own that publishes numbered messages of QoS 2, to be killed in the middle of them.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Billing {
  done: number[];
  errors: string[];
  heard: string[];
  /** As it told last. */
  inFlight(): number;
  /** Ends it as kill -9 does. */
  kill(): Promise<void>;
}

interface Told {
  done?: number;
  error?: string;
  heard?: string;
  inFlight?: number;
}

const program = fileURLToPath(new URL('../processes/billing.ts', import.meta.url));

/** @param words before the number of each message */
export const startBilling = (port: number, words: string, count: number): Billing => {
  const child: ChildProcess = fork(program, [String(port), words, String(count)]);
  const exit = new Promise((resolve) => child.once('exit', resolve));
  const [done, errors, heard]: [number[], string[], string[]] = [[], [], []];
  let inFlight = 0;
  child.on('message', (told: Told) => {
    if (told.done !== undefined) done.push(told.done);
    if (told.error !== undefined) errors.push(told.error);
    if (told.heard !== undefined) heard.push(told.heard);
    inFlight = told.inFlight ?? inFlight;
  });
  return {
    done,
    errors,
    heard,
    inFlight: () => inFlight,
    async kill() {
      child.kill('SIGKILL');
      await exit;
    },
  };
};
