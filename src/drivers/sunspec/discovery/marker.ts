/** The marker "SunS" in front of the list of models, and the bases at which it may stand. */
import type { FailedRead, RegisterReader } from './register-reader.ts';

/** Bases in the order in which they are tried. */
export const markerBases: readonly number[] = [40_000, 0, 50_000];
/** Registers of the marker. */
export const markerSize = 2;

/** A marker whose words or bytes a device or gateway has swapped. */
export type SwappedOrder = 'words_swapped' | 'bytes_swapped' | 'words_and_bytes_swapped';

/** The contents of the first two registers of a base, as text of one character per byte. */
const markers: Readonly<Record<string, 'marker' | SwappedOrder>> = {
  SunS: 'marker',
  nSSu: 'words_swapped',
  uSSn: 'bytes_swapped',
  SnuS: 'words_and_bytes_swapped',
};

/** What stands at one base. */
export type BaseFinding = { base: number } & (
  | { kind: 'marker' }
  | { kind: 'swapped'; order: SwappedOrder }
  | { kind: 'words'; words: readonly number[] }
  | FailedRead
);

const findingOf = (base: number, words: Buffer): BaseFinding => {
  const found = markers[words.toString('latin1', 0, markerSize * 2)];
  if (found === 'marker') return { base, kind: 'marker' };
  if (found) return { base, kind: 'swapped', order: found };
  return { base, kind: 'words', words: [words.readUInt16BE(0), words.readUInt16BE(2)] };
};

interface MarkerSearch {
  bases: readonly number[];
  /** Whether a base without an answer leaves the others to be tried: a unit that is there may be silent at some. */
  isThorough: boolean;
  /** Whether a request without an answer is sent once more. */
  mayRepeat: boolean;
}

const readBase = async (reader: RegisterReader, base: number, mayRepeat = false): Promise<BaseFinding> => {
  const outcome = await reader.read(base, markerSize, mayRepeat);
  return outcome.kind === 'words' ? findingOf(base, outcome.words) : { base, ...outcome };
};

const isSilent = ({ kind }: BaseFinding): boolean => kind === 'silent';

/**
 * Looks for the marker of a unit.
 * @returns what stands at each base that was asked; the marker, or the loss of the connection, is the last of them
 */
export const findMarker = async (reader: RegisterReader, search: MarkerSearch): Promise<BaseFinding[]> => {
  const { bases, isThorough, mayRepeat } = search;
  const findings: BaseFinding[] = [];
  for (const base of bases) {
    const finding = await readBase(reader, base, mayRepeat && !isThorough);
    findings.push(finding);
    if (finding.kind === 'marker' || finding.kind === 'disconnected') return findings;
    if (!isThorough && findings.every(isSilent)) return findings;
  }
  // A unit that answers at one base may have lost the response of another one while it got ready.
  const [silent] = findings.filter(isSilent);
  if (!silent || findings.every(isSilent)) return findings;
  const again = await readBase(reader, silent.base);
  return [...findings.filter((each) => each !== silent), again];
};
