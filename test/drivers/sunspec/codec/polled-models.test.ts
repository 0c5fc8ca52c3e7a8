import assert from 'node:assert/strict';
import { compileModel, decodeModel } from '../../../../src/drivers/sunspec/codec/model-codec.ts';
import { namesOfModel, profilePointOf } from '../../../../src/drivers/sunspec/codec/profile-points.ts';
import { headerSize } from '../../../../src/drivers/sunspec/messages.ts';
import { modelIds } from '../../../../src/drivers/sunspec/models/model-definitions.ts';
import type { PlacedPoint } from '../../../../src/drivers/sunspec/models/model-layout.ts';
import { type PolledDevice, pollDevice } from '../../../support/modbus/polled-device.ts';
import { createImage, type DeviceImage } from '../../../support/sunspec/model-images.ts';

/** Registers that one request delivers at most. */
const maxRegisters = 125;

/** Whether one request can deliver the points that share a scale factor with this one, and the factor. */
const isWithinOneRequest = ({ address, definition, scaleFactor }: PlacedPoint): boolean =>
  definition.size <= maxRegisters &&
  (typeof scaleFactor !== 'object' || Math.abs(address - scaleFactor.address) <= maxRegisters / 2 - definition.size);

const hexOf = (words: number[]): string => words.map((word) => word.toString(16).padStart(4, '0')).join('');

const quantityOf = ({ address }: PlacedPoint): string => `x_sunspec/x_${address}`;

/** @returns the models of an image as the profile of a Modbus device, each point with a quantity of its own */
const profileOf = ({ layouts }: DeviceImage) => {
  const placed = layouts.flatMap((layout) => {
    const nameOf = namesOfModel(layout.definition.id);
    const points = [...layout.points.values()].filter(
      (point) => point.definition.type !== 'pad' && isWithinOneRequest(point),
    );
    return points.map((point) => ({
      point,
      source: { ...profilePointOf(point, nameOf), quantity: quantityOf(point) },
    }));
  });
  const names = new Set(placed.map(({ source }) => source.name));
  const kept = placed.filter(({ source }) => source.scaleFrom === undefined || names.has(source.scaleFrom));
  const points = kept.map(({ source }) => {
    const { unit: _, ...others } = source;
    return others;
  });
  return {
    placed: kept.map(({ point }) => point),
    profile: { schema: 'profile/1', id: 'sunspec-device', title: 'A SunSpec device', class: 'other', points },
  };
};

describe('a SunSpec device as a Modbus device', () => {
  let device: PolledDevice | undefined;
  afterEach(() => device?.close());

  const ids = modelIds();
  for (let first = 0; first < ids.length; first += 28) {
    const models = ids.slice(first, first + 28);
    it(`models ${models[0]} to ${models.at(-1)} have the values that their registers hold`, async () => {
      const image = createImage({ seed: first, absent: 0.1, mostRepeats: 2 }, models);
      const { placed, profile } = profileOf(image);
      device = await pollDevice(profile, { [image.address]: hexOf(image.words) });
      await device.cycles(1);
      let values = 0;
      for (const layout of image.layouts) {
        const from = layout.address - image.address;
        const registers = Buffer.from(hexOf(image.words.slice(from, from + headerSize + layout.length)), 'hex');
        const decoded = decodeModel(compileModel(layout), registers);
        for (const point of layout.points.values()) {
          if (!placed.includes(point)) continue;
          const value = decoded.get(point.path);
          assert.equal(device.value(quantityOf(point)), value, `${layout.definition.id} ${point.path}`);
          if (value !== null) values++;
        }
      }
      assert.ok(values > placed.length / 2, `${values} of ${placed.length}`);
    });
  }
});
