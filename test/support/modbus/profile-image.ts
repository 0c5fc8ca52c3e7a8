/** A device as a profile describes it: the registers that it has, with the values of an ordinary day. */
import { encodePoint } from '../../../src/drivers/modbus/codec/encode.ts';
import { exceptionFailure } from '../../../src/drivers/modbus/failures.ts';
import {
  type Bus,
  createBus,
  openProfile,
  type ReadRequest,
  RegisterImage,
  type ResolvedProfile,
  type Table,
  type UnitImages,
} from '../../../src/drivers/modbus/index.ts';
import { planReads } from '../../../src/drivers/modbus/polling/read-plan.ts';
import { isTextPoint, type Point } from '../../../src/drivers/modbus/profiles/point.ts';
import { createJumpingClock } from '../jumping-clock.ts';
import { createScriptedLink } from './scripted-link.ts';

/** Registers and bits by table and address: "holding 40070". */
export type ProfileImage = Map<string, number>;

/** Names that devices give themselves, where the title of their profile is another one. */
const modelTexts: Record<string, string> = {
  'abb-b23': 'B23 112-100',
  'fox-ess-h3': 'H3-10.0-E',
  'fox-ess-h3-smart': 'H3-10.0-SMART',
};

const identityText = (field: string, { profile }: ResolvedProfile): string => {
  const { vendor = 'Vendor', model, title } = profile;
  if (field === 'vendor') return vendor;
  if (field === 'model')
    return modelTexts[profile.id] ?? model ?? title.replace(`${vendor} `, '').split(/[,/]/)[0] ?? title;
  return field === 'serial' ? `A1${profile.id.length}0815` : '1.25';
};

const identityNumber = ({ source }: Point): number => {
  if (source.identity === 'rated_power_w') return 8000 / (source.unit === 'kW' ? 1000 : 1);
  return source.identity === 'serial' ? 12_345_678 : 1234;
};

const ordinaryValue = (point: Point, resolved: ResolvedProfile): number | string => {
  const { source, target, words } = point;
  const field = source.identity;
  if (field !== undefined && source.enum) return Number(Object.keys(source.enum)[0]);
  if (field !== undefined && isTextPoint(point)) {
    const isHex = source.format === 'hex' || point.type === 'bytes';
    return isHex ? '12'.repeat(words.length * 2) : identityText(field, resolved).slice(0, words.length * 2);
  }
  if (field !== undefined) return identityNumber(point);
  if (target?.quantity === 'voltage') return 231;
  return target?.quantity === 'frequency' ? 50 : 0;
};

/** @returns the registers of a device of the profile; all that is not its identity or supply is 0 */
export const imageOf = (resolved: ResolvedProfile): ProfileImage => {
  const image: ProfileImage = new Map();
  const readable = resolved.points.filter(({ isReadable }) => isReadable);
  // A device of which a profile reads over gaps lets them be read.
  for (const { table, address, count } of planReads(readable, resolved.profile))
    for (let n = 0; n < count; n++) image.set(`${table} ${address + n}`, 0);
  const telling: Point[] = [];
  for (const point of readable) {
    if (point.source.identity !== undefined || ['voltage', 'frequency'].includes(point.target?.quantity ?? ''))
      telling.push(point);
  }
  for (const point of telling)
    for (const { address, word } of encodePoint(point, ordinaryValue(point, resolved)))
      image.set(`${point.table} ${address}`, word);
  return image;
};

/**
 * A unit with the registers of an image.
 * @param others a number: what registers read that the image does not have; undefined: they are refused
 */
export const busOf = (
  image: ProfileImage,
  others?: number,
): { bus: Bus; clock: ReturnType<typeof createJumpingClock> } => {
  const clock = createJumpingClock();
  const link = createScriptedLink(async (request: ReadRequest) => {
    const { table, address, count } = request;
    const words = Array.from({ length: count }, (_, n) => image.get(`${table} ${address + n}`) ?? others);
    if (words.includes(undefined)) throw exceptionFailure(request, 2);
    if (table === 'coil' || table === 'discrete') {
      const bits = Buffer.alloc(Math.ceil(count / 8));
      for (const [n, bit] of words.entries()) if (bit) bits[n >> 3] = (bits[n >> 3] ?? 0) | (1 << (n & 7));
      return bits;
    }
    const data = Buffer.alloc(count * 2);
    for (const [n, word] of words.entries()) data.writeUInt16BE(word ?? 0, n * 2);
    return data;
  });
  return { bus: createBus(link, clock), clock };
};

/** @returns the registers of a device of a shipped profile, for a Modbus server */
export const unitImagesOf = (id: string): UnitImages => {
  const opened = openProfile({ id });
  if (!opened.ok) throw new Error(opened.reason);
  const tables: Partial<Record<Table, RegisterImage>> = {};
  for (const [key, word] of imageOf(opened.value)) {
    const [table = 'holding', address] = key.split(' ') as [Table, string];
    tables[table] ??= new RegisterImage();
    tables[table].set(Number(address), word);
  }
  return tables;
};
