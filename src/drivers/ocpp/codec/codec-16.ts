/** OCPP 1.6 as one codec. */
import type { Codec } from './codec.ts';
import { readCall } from './inbound.ts';
import { readers16, reply16 } from './inbound-16.ts';
import { decodeResult16, encode16 } from './outbound-16.ts';

/** OCPP 1.6, with the messages of its security whitepaper. */
export const codec16: Codec = {
  version: '1.6',
  decode: (action, payload, arrival) => readCall(readers16, { action, payload, arrival }),
  reply: reply16,
  encode: encode16,
  decodeResult: decodeResult16,
};
