/** Register images of SunSpec devices: a marker, models in words, and an end. */

import type { CommonModel } from '../../../src/drivers/sunspec/index.ts';

/** A model as a device lists it. */
export interface ImageModel {
  id: number;
  /** Registers behind ID and L. */
  body: readonly number[];
  /** The length that the device tells; absent: the true one. */
  length?: number;
}

/** end_model: 0xFFFF and 0. single_zero: one register with 0, and nothing behind it. */
export type ImageEnd = 'end_model' | 'zeros' | 'single_zero' | 'none';

export interface PlacedModel {
  id: number;
  /** Address of its point ID. */
  address: number;
  /** The length that the device tells. */
  length: number;
  /** Registers behind ID and L that are there. */
  size: number;
}

export interface SunSpecImage {
  words: Map<number, number>;
  models: PlacedModel[];
  /** Address of the end of the list. */
  end: number;
}

/** The registers in which a list ends. */
export const endWords: Record<ImageEnd, readonly number[]> = {
  end_model: [0xffff, 0],
  zeros: [0, 0],
  single_zero: [0],
  none: [],
};

/** "SunS" as two registers. */
export const markerWords: readonly number[] = [0x5375, 0x6e53];

export const buildImage = (
  models: readonly ImageModel[],
  {
    base = 40_000,
    end = 'end_model',
    marker = markerWords,
  }: { base?: number; end?: ImageEnd; marker?: readonly number[] } = {},
): SunSpecImage => {
  const words = new Map<number, number>();
  const put = (from: number, values: readonly number[]): number => {
    for (const [n, value] of values.entries()) words.set(from + n, value);
    return from + values.length;
  };
  let address = put(base, marker);
  const placed = models.map(({ id, body, length = body.length }) => {
    const model = { id, address, length, size: body.length };
    address = put(address, [id, length, ...body]);
    return model;
  });
  put(address, endWords[end]);
  return { words, models: placed, end: address };
};

/** A model whose registers hold zeros, or another word. */
export const modelOf = (id: number, size: number, word = 0): ImageModel => ({
  id,
  body: Array.from({ length: size }, () => word),
});

/** A text as registers, padded with NUL. */
export const textWords = (text: string, size: number): number[] => {
  const bytes = Buffer.alloc(size * 2);
  bytes.write(text, 'utf8');
  return Array.from({ length: size }, (_, n) => bytes.readUInt16BE(n * 2));
};

/** Model 1. @param size 66 with the point Pad, 65 without it */
export const commonModel = (texts: CommonModel, size = 66): ImageModel => {
  const { manufacturer = '', model = '', options = '', version = '', serial = '', deviceAddress = 0xffff } = texts;
  const body = [
    ...textWords(manufacturer, 16),
    ...textWords(model, 16),
    ...textWords(options, 8),
    ...textWords(version, 8),
    ...textWords(serial, 16),
    deviceAddress,
    0x8000,
  ];
  return { id: 1, body: body.slice(0, size) };
};
