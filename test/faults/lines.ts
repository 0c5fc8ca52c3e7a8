/** The side of a process that talks in lines of JSON: what it says and hears. Its other side: support/line-process.ts. */
import { createInterface } from 'node:readline';

export const say = (line: unknown): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

export const listen = (take: (line: never) => void): void => {
  createInterface({ input: process.stdin })
    .on('line', (line) => take(JSON.parse(line) as never))
    .on('close', () => process.exit(0));
};
