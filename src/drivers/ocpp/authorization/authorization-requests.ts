/** Requests for authorization that a flow decides: the id token goes out as one message, and the answer comes as another. */
import { z } from 'zod';
import type { IdToken } from '../messages.ts';
import type { Authorization } from './authorize.ts';

const authorizations = [
  'accepted',
  'blocked',
  'expired',
  'invalid',
  'concurrent_tx',
] as const satisfies Authorization[];

const answerSchema = z.object({ tag: z.string(), status: z.enum(authorizations) });

type Settle = (authorization: Authorization | undefined) => void;

/** Asks a flow whether a driver may charge, and gives its answer to all stations that wait for the same id token. */
export class AuthorizationRequests {
  private readonly send: (token: IdToken) => void;
  /** Open requests by the id token as the station read it. */
  private readonly open = new Map<string, Settle[]>();

  /** @param send tells the flow */
  constructor(send: (token: IdToken) => void) {
    this.send = send;
  }

  /**
   * @param signal aborts when nobody waits for the flow any longer
   * @returns undefined where the flow was silent until then
   */
  ask(token: IdToken, signal: AbortSignal): Promise<Authorization | undefined> {
    return new Promise((resolve) => {
      const giveUp = (): void => this.settle(token.id, undefined);
      const settle: Settle = (authorization) => {
        signal.removeEventListener('abort', giveUp);
        resolve(authorization);
      };
      signal.addEventListener('abort', giveUp);
      this.open.set(token.id, [...(this.open.get(token.id) ?? []), settle]);
      this.send(token);
    });
  }

  /**
   * @param payload { tag, status }, as the flow wrote it
   * @throws ZodError where it is none
   */
  answer(payload: unknown): void {
    const { tag, status } = answerSchema.parse(payload);
    this.settle(tag, status);
  }

  private settle(id: string, authorization: Authorization | undefined): void {
    for (const settle of this.open.get(id) ?? []) settle(authorization);
    this.open.delete(id);
  }
}
