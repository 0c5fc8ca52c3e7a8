/** Sentences of a scan, which every form with one shares: those of the connection, and the notes of SunSpec. */
import type { EditorNode } from '../red.ts';
import { listed, textOf } from '../texts.ts';
import { nameOf } from './device-proposals.ts';
import type { FoundDevice, ScanNote, ScanProgress } from './scan-answers.ts';

const catalog = (type: string): string => `@emsflow/node-red-ems/${type}:${type}`;

/** @param key below "scan" in the catalog of ems-modbus-client */
export const scanText = (node: EditorNode, key: string, values: Record<string, unknown> = {}): string =>
  textOf(node, `${catalog('ems-modbus-client')}.scan.${key}`, values);

/** @returns a note with the address that it is about, if there are several */
export const noteText = (node: EditorNode, { code, params, host }: ScanNote, hasHosts = false): string => {
  const sentence = textOf(node, `${catalog('ems-sunspec')}.note.${code}`, params);
  if (hasHosts && host !== undefined) return `${host}: ${sentence}`;
  return sentence.charAt(0).toUpperCase() + sentence.slice(1);
};

/** @returns the step of a scan, for people who wait */
export const progressText = (
  node: EditorNode,
  { step, host, ...values }: ScanProgress | { step: 'begun'; host?: string },
): string => listed([host, scanText(node, `step.${step}`, values)]);

/** @returns the words by which a device is known */
export const titleOf = (node: EditorNode, device: FoundDevice): string =>
  device.kind === 'unknown' ? scanText(node, 'unknown') : nameOf(device) || scanText(node, 'nameless');

/** @returns address and unit: "192.168.1.50:502 · unit 1" */
export const placeOf = (node: EditorNode, { host, port, unit }: FoundDevice): string =>
  listed([host === undefined ? undefined : `${host}:${port}`, scanText(node, 'unit', { unit })]);

/** @returns what a device tells of itself, and by what it is read */
export const factsOf = (node: EditorNode, device: FoundDevice): string => {
  const { kind, serial, version, models, profiles, otherUnits } = device;
  return listed([
    kind === 'sunspec' && scanText(node, 'models', { ids: models.map(({ id }) => id).join(', ') }),
    kind === 'profile' && scanText(node, 'profile', { title: profiles[0]?.title }),
    serial !== undefined && scanText(node, 'serial', { serial }),
    version !== undefined && scanText(node, 'version', { version }),
    otherUnits.length > 0 && scanText(node, 'otherUnits', { units: otherUnits.join(', ') }),
  ]);
};
