/**
 * Decides who may charge: everybody, those on a list, or whom a flow says. The list also decides where a flow is silent, and
 * about what happened while nobody could be asked.
 */
import type { Clock } from '../../../model/time.ts';
import type { Answer, IdToken } from '../messages.ts';

export type Authorization = NonNullable<Answer['authorization']>;

export interface ListedIdToken {
  id: string;
  /** OCPP 2.x, IdTokenEnumType. */
  type?: string;
  isBlocked?: boolean;
  /** ms since 1970 */
  expiresAt?: number;
}

export interface AuthorizationOptions {
  mode: 'free' | 'list' | 'ask';
  tags: ListedIdToken[];
  /** Our own, with which sessions are started from here. */
  ownTag: string;
  /** With a list: a tag charges at one place at a time; absent: at as many as it likes. */
  isOnePlaceOnly?: boolean;
  /**
   * @param signal aborts when the answer is late, and the list decides
   * @returns undefined: no opinion
   */
  ask?(token: IdToken, signal: AbortSignal): Promise<Authorization | undefined>;
}

/** A flow has this long to answer, ms. */
const answerMs = 5000;
/** A transaction that follows an answer within this time is not asked for again, ms. */
const sameVisitMs = 60_000;
const mostAnswers = 100;

/** OCPP 1.6 §7.11: identifiers do not care about case. */
const keyOf = (id: string): string => id.trim().toLowerCase();

/** Decides about id tokens for one station. */
export class Authorizer {
  private readonly options: AuthorizationOptions;
  private readonly clock: Clock;
  private readonly isElsewhere: (id: string, evse: number) => boolean;
  private readonly list: Map<string, ListedIdToken>;
  /** Answers of the flow or of a second central system, until a monotonic time in ms. */
  private readonly answers = new Map<string, { authorization: Authorization; until: number }>();

  /** @param isElsewhere whether a token charges at another EVSE already */
  constructor(
    options: AuthorizationOptions,
    clock: Clock,
    isElsewhere: (id: string, evse: number) => boolean = () => false,
  ) {
    this.options = options;
    this.clock = clock;
    this.isElsewhere = isElsewhere;
    this.list = new Map(options.tags.map((token) => [keyOf(token.id), token]));
  }

  decide(token: IdToken): Authorization | Promise<Authorization> {
    const { mode, ask } = this.options;
    if (mode !== 'ask' || !ask || this.isOwn(token) || this.answerOf(token)) return this.decideNow(token);
    return this.inTime(token, ask).then((authorization) => {
      this.decidedElsewhere(token, authorization);
      return authorization;
    });
  }

  /** A transaction begins with the token on this EVSE. */
  begin(token: IdToken, evse: number): Authorization | Promise<Authorization> {
    const { mode, isOnePlaceOnly } = this.options;
    const decision = this.decide(token);
    const isGuarded = isOnePlaceOnly === true && mode === 'list' && !this.isOwn(token);
    // OCPP 1.6 §7.2, OCPP 2.0.1 AuthorizationStatusEnumType: only of a transaction that begins.
    return isGuarded && decision === 'accepted' && this.isElsewhere(token.id, evse) ? 'concurrent_tx' : decision;
  }

  /** Decides without asking anybody, as for what is over already. */
  decideNow(token: IdToken): Authorization {
    const answer = this.answerOf(token);
    if (answer) return answer;
    return this.options.mode === 'free' || this.isOwn(token) ? 'accepted' : this.byList(token);
  }

  /** Somebody has decided whose word goes before ours. */
  decidedElsewhere({ id }: IdToken, authorization: Authorization): void {
    if (this.answers.size >= mostAnswers) this.answers.clear();
    this.answers.set(keyOf(id), { authorization, until: this.clock.monotonic() + sameVisitMs });
  }

  /** For the list in the station, by which it decides while it has no connection. */
  listed(): ListedIdToken[] {
    return this.options.mode === 'list' ? this.options.tags : [];
  }

  private isOwn({ id }: IdToken): boolean {
    return keyOf(id) === keyOf(this.options.ownTag);
  }

  private answerOf({ id }: IdToken): Authorization | undefined {
    const answer = this.answers.get(keyOf(id));
    return answer && answer.until > this.clock.monotonic() ? answer.authorization : undefined;
  }

  private byList({ id }: IdToken): Authorization {
    const token = this.list.get(keyOf(id));
    if (!token) return 'invalid';
    if (token.isBlocked) return 'blocked';
    return token.expiresAt !== undefined && token.expiresAt <= this.clock.now() ? 'expired' : 'accepted';
  }

  /** The list decides where the flow has no opinion, fails or is late. */
  private inTime(token: IdToken, ask: NonNullable<AuthorizationOptions['ask']>): Promise<Authorization> {
    const lateness = new AbortController();
    const question = ask(token, lateness.signal);
    return new Promise((resolve) => {
      const decide = (answer: Authorization | undefined): void => {
        timer.cancel();
        resolve(answer ?? this.byList(token));
      };
      const timer = this.clock.after(answerMs, () => {
        lateness.abort();
        decide(undefined);
      });
      question.then(decide, () => decide(undefined));
    });
  }
}
