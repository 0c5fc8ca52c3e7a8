/** Faults of form that were read over: each is told once. */
import type { DriverEvent } from '../../driver.ts';

/** Of one station; one that is never right has been told enough. */
const most = 100;

export const createOddities = (tell: (event: DriverEvent) => void): ((notes: string[]) => void) => {
  const told = new Set<string>();
  return (notes) => {
    for (const note of notes) {
      if (told.has(note) || told.size >= most) continue;
      told.add(note);
      tell({ name: 'protocol_deviation', severity: 'debug', message: note.slice(0, 1024) });
    }
  };
};
