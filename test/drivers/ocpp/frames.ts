/** Calls of stations, with what they say. */
import { readFileSync } from 'node:fs';

export interface Frame {
  name: string;
  /** The source of the frame: where it was seen, or the clause it follows. */
  origin: string;
  /** When it arrives. */
  at: string;
  action: string;
  payload: unknown;
  /** As the codec understands it: times as texts, measures as "~power l1 3900 W", "~" for derived. */
  event: unknown;
  /** How many liberties are taken. */
  notes: number;
}

export const readFrames = (name: '1.6' | '2'): Frame[] =>
  (JSON.parse(readFileSync(new URL(`./frames/${name}.json`, import.meta.url), 'utf8')) as { frames: Frame[] }).frames;
