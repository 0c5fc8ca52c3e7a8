/** The notes of a scan: in words why units gave no device, and on which unit one answers instead. */
import { smaUnitOffset } from './candidate-units.ts';
import { createNote, type DiscoveryNote } from './discovery-notes.ts';
import type { BaseFinding } from './marker.ts';
import type { ScanResult, UnitFinding } from './scan-result.ts';

const hex = (word: number): string => `0x${word.toString(16).toUpperCase().padStart(4, '0')}`;

const markerNote = (unit: number, findings: readonly BaseFinding[]): DiscoveryNote => {
  const bases = findings.map(({ base }) => base).join(', ');
  const codes = new Set(findings.map((each) => (each.kind === 'exception' ? each.code : undefined)));
  const [code] = codes;
  if (codes.size === 1 && code !== undefined) return createNote('no_marker_exception', { bases, unit, code });
  const answer = findings.find((each) => each.kind === 'words');
  if (!answer) return createNote('no_marker_partly', { bases, unit });
  return createNote('no_marker_words', { bases, unit, base: answer.base, words: answer.words.map(hex).join(' ') });
};

const swapNotes = ({ unit, bases = [] }: UnitFinding): DiscoveryNote[] =>
  bases.flatMap((each) => (each.kind === 'swapped' ? [createNote(each.order, { unit, base: each.base })] : []));

/** Units that answer as one: a list of numbers, with ranges of neighbours shortened. */
const unitList = (units: readonly number[]): string => {
  const ranges: [from: number, to: number][] = [];
  for (const unit of [...units].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && last[1] === unit - 1) last[1] = unit;
    else ranges.push([unit, unit]);
  }
  return ranges
    .map(([from, to]) => (from === to ? String(from) : `${from}${to === from + 1 ? ', ' : '-'}${to}`))
    .join(', ');
};

const otherUnitNote = (asked: number | undefined, { devices }: ScanResult): DiscoveryNote[] => {
  const [first] = devices;
  const isFound = devices.some(
    ({ unit, otherUnits }) => unit === asked || (asked !== undefined && otherUnits.includes(asked)),
  );
  if (asked === undefined || !first || isFound) return [];
  const sma = devices.find(({ unit }) => unit === asked + smaUnitOffset);
  return [
    sma
      ? createNote('answers_on_unit_plus_123', { asked, unit: sma.unit })
      : createNote('answers_on_unit', { asked, unit: first.unit }),
  ];
};

/**
 * @param asked unit that the integrator entered
 * @returns the notes of a scan, the most important ones first
 */
export const scanNotes = (result: ScanResult, asked: number | undefined): DiscoveryNote[] => {
  const { devices, units } = result;
  const silent = units.filter(({ kind }) => kind === 'silent').map(({ unit }) => unit);
  // Units beside a device that have no SunSpec are usual, and no reason to look for a mistake.
  const isTold = ({ kind, unit }: UnitFinding): boolean =>
    kind === 'no_marker' && (devices.length === 0 || unit === asked);
  return [
    ...otherUnitNote(asked, result),
    ...units.flatMap(swapNotes),
    ...units.filter(isTold).map(({ unit, bases = [] }) => markerNote(unit, bases)),
    ...devices
      .filter(({ otherUnits }) => otherUnits.length > 0)
      .map(({ unit, otherUnits, common }) =>
        createNote('same_device', { units: unitList(otherUnits), unit, serial: common.serial ?? '' }),
      ),
    ...(silent.length > 0 && (devices.length === 0 || (asked !== undefined && silent.includes(asked)))
      ? [createNote('silent_units', { units: unitList(silent) })]
      : []),
  ];
};
