/** One version of OCPP: messages of the wire <-> messages.ts. Pure; what comes in is read leniently, what goes out is exact. */
import type { Answer, StationMessage, StationRequest, StationResult, Version } from '../messages.ts';

export type Decoded =
  | {
      ok: true;
      event: StationMessage;
      /** Notes on what was missing or odd, and how it was understood, in words. */
      notes: string[];
    }
  | {
      ok: false;
      /** OCPP-J 1.6 §4.2.3, OCPP 2.x part 4 §4.3. */
      code: 'NotImplemented' | 'NotSupported' | 'FormationViolation' | 'PropertyConstraintViolation';
      /** In words. */
      reason: string;
    };

/** A CALL as it goes out. */
export interface EncodedCall {
  action: string;
  payload: object;
}

export interface Codec {
  version: Version;
  /**
   * Reads a CALL of the station.
   * @param arrival wall clock, ms since 1970
   */
  decode(action: string, payload: unknown, arrival: number): Decoded;
  /** @returns the payload of the CALLRESULT, which always fits the schema. @param now wall clock, ms since 1970 */
  reply(event: StationMessage, decision: Answer, now: number): object;
  /** @throws Error where this version has no words for it */
  encode(request: StationRequest): EncodedCall;
  decodeResult(request: StationRequest, payload: unknown): StationResult;
}
