/** The codec of each version: its readers and writers of messages, put together. */
import type { Version } from '../messages.ts';
import type { Codec } from './codec.ts';
import { readCall2, reply2 } from './inbound-2.ts';
import { readCall16, reply16 } from './inbound-16.ts';
import { decodeResult2, encode2 } from './outbound-2.ts';
import { decodeResult16, encode16 } from './outbound-16.ts';

const codec2 = (version: '2.0.1' | '2.1'): Codec => ({
  version,
  decode: readCall2(version),
  reply: reply2(version),
  encode: encode2(version),
  decodeResult: decodeResult2,
});

const codecs: Record<Version, Codec> = {
  // With the messages of the security whitepaper of 1.6.
  '1.6': { version: '1.6', decode: readCall16, reply: reply16, encode: encode16, decodeResult: decodeResult16 },
  '2.0.1': codec2('2.0.1'),
  '2.1': codec2('2.1'),
};

/** @returns the codec of a version */
export const codecFor = (version: Version): Codec => codecs[version];
