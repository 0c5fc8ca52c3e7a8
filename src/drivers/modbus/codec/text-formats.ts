/** Bytes of registers as texts of a certain form, in both directions: hexadecimal, and the addresses of networks. */
import type { ProfilePoint } from '../profiles/point-schema.ts';

type TextFormat = NonNullable<ProfilePoint['format']>;

const groupsOf = (bytes: Buffer): number[] =>
  Array.from({ length: bytes.length >> 1 }, (_, n) => bytes.readUInt16BE(n * 2));

/** @returns the longest run of two or more zeros, as RFC 5952 §4.2 shortens it; the first one of equal runs */
const longestZeros = (groups: number[]): { at: number; length: number } => {
  let longest = { at: -1, length: 1 };
  for (let at = 0; at < groups.length; at++) {
    let length = 0;
    while (groups[at + length] === 0) length++;
    if (length > longest.length) longest = { at, length };
  }
  return longest;
};

const toIpv6 = (bytes: Buffer): string => {
  const groups = groupsOf(bytes);
  const { at, length } = longestZeros(groups);
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return at < 0 ? text(0, groups.length) : `${text(0, at)}::${text(at + length, groups.length)}`;
};

const fromIpv6 = (text: string): number[] => {
  const [head = [], tail = []] = text.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const zeros = text.includes('::') ? Array.from({ length: 8 - head.length - tail.length }, () => '0') : [];
  return [...head, ...zeros, ...tail].flatMap((group) => {
    const word = Number.parseInt(group, 16);
    return [word >> 8, word & 0xff];
  });
};

/** A MAC address takes six bytes: those before them, in a value of 64 bits, are 0. */
const macLength = 6;

/** @returns the text of the bytes: "0a1b", "192.168.1.20", "2001:db8::1", "00:1d:c0:12:34:56" */
export const formatBytes = (bytes: Buffer, format: Exclude<TextFormat, 'ascii'>): string => {
  switch (format) {
    case 'hex':
      return bytes.toString('hex');
    case 'ipv4':
      return [...bytes].join('.');
    case 'ipv6':
      return toIpv6(bytes);
    case 'mac':
      return [...bytes.subarray(-macLength)].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
  }
};

/** @returns the bytes of a text that formatBytes gave, for a number of bytes */
export const parseBytes = (text: string, format: Exclude<TextFormat, 'ascii'>, length: number): Buffer => {
  switch (format) {
    case 'hex':
      return Buffer.from(text, 'hex');
    case 'ipv4':
      return Buffer.from(text.split('.').map(Number));
    case 'ipv6':
      return Buffer.from(fromIpv6(text));
    case 'mac': {
      const bytes = Buffer.from(text.replaceAll(':', ''), 'hex');
      return Buffer.concat([Buffer.alloc(length - bytes.length), bytes]);
    }
  }
};
