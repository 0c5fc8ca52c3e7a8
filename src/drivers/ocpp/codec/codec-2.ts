/** OCPP 2.0.1 and 2.1 as one codec each. */
import type { Codec } from './codec.ts';
import { readCall } from './inbound.ts';
import { readers2, reply2 } from './inbound-2.ts';
import { decodeResult2, encode2 } from './outbound-2.ts';

const codec2 = (version: '2.0.1' | '2.1'): Codec => {
  const readers = readers2(version);
  return {
    version,
    decode: (action, payload, arrival) => readCall(readers, { action, payload, arrival }),
    reply: reply2(version),
    encode: encode2(version),
    decodeResult: decodeResult2,
  };
};

/** OCPP 2.0.1. */
export const codec201 = codec2('2.0.1');
/** OCPP 2.1. */
export const codec21 = codec2('2.1');
