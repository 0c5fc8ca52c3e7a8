/** One version of OCPP: wire messages <-> words.ts. Pure; what comes in is read leniently, what goes out is exact. */
import type { Decision, StationEvent, StationRequest, StationResult, Version } from '../words.ts';

export type Decoded =
  | {
      ok: true;
      event: StationEvent;
      /** What was missing or odd and how it was understood, in words. */
      notes: string[];
    }
  /** OCPP-J error code, and why in words. */
  | {
      ok: false;
      code: 'NotImplemented' | 'NotSupported' | 'FormationViolation' | 'PropertyConstraintViolation';
      reason: string;
    };

export interface EncodedCall {
  action: string;
  payload: object;
}

export interface Codec {
  version: Version;
  /**
   * A CALL of the station.
   * @param at when it arrived, ms
   */
  decode(action: string, payload: unknown, at: number): Decoded;
  /** The CALLRESULT of an event; always fits the schema. @param now ms */
  reply(event: StationEvent, decision: Decision, now: number): object;
  /** @throws Error where this version has no words for it */
  encode(request: StationRequest): EncodedCall;
  decodeResult(request: StationRequest, payload: unknown): StationResult;
}
