import assert from 'node:assert/strict';
import { codecFor } from '../../../src/drivers/ocpp/codec/codec-by-version.ts';
import type { SampledValue, Version } from '../../../src/drivers/ocpp/messages.ts';
import { assertResult } from '../../support/ocpp/ocpp-schemas.ts';
import { type Frame, readFrames } from './frames.ts';

const shownMeasure = ({ quantity, part, value, unit, isDerived }: SampledValue): string =>
  `${isDerived ? '~' : ''}${part ? `${quantity} ${part}` : quantity} ${value} ${unit}`;

/** As in the files of frames. */
const shown = (key: string, value: unknown): unknown => {
  if (key === 'at' && value !== undefined) return new Date(value as number).toISOString();
  return key === 'sampledValues' ? (value as SampledValue[]).map(shownMeasure) : value;
};

/** Times to the millisecond, however they are written. */
const expected = (key: string, value: unknown): unknown =>
  key === 'at' ? new Date(value as string).toISOString() : value;

const revive = (event: unknown, how: (key: string, value: unknown) => unknown): unknown =>
  JSON.parse(JSON.stringify(event, how));

const check = (version: Version, frame: Frame): void => {
  const at = Date.parse(frame.at);
  const codec = codecFor(version);
  const decoded = codec.decode(frame.action, frame.payload, at);
  assert.ok(decoded.ok);
  assert.deepEqual(revive(decoded.event, shown), revive(frame.event, expected));
  assert.equal(decoded.notes.length, frame.notes, decoded.notes.join('\n'));
  assertResult(version, frame.action, codec.reply(decoded.event, { transaction: 7 }, at));
};

const files: [version: Version, name: '1.6' | '2'][] = [
  ['1.6', '1.6'],
  ['2.0.1', '2'],
  ['2.1', '2'],
];
for (const [version, name] of files)
  describe(`OCPP ${version}: frames of stations`, () => {
    for (const frame of readFrames(name)) it(`${frame.action}: ${frame.name}`, () => check(version, frame));
  });
