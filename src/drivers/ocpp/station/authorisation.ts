/**
 * Who may charge: everybody, those on a list, or whom a flow says. The list also decides where a flow is silent, and
 * about what happened while nobody could be asked.
 */
import type { Clock } from '../../../model/time.ts';
import type { Decision, Token } from '../words.ts';

export type Authorization = NonNullable<Decision['authorization']>;

export interface Tag {
  id: string;
  /** OCPP 2.x, IdTokenEnumType. */
  type?: string;
  isBlocked?: boolean;
  /** ms since 1970 */
  expiresAt?: number;
}

export interface AuthorisationOptions {
  mode: 'free' | 'list' | 'ask';
  tags: Tag[];
  /** Our own, with which sessions are started from here. */
  ownTag: string;
  /** Where the list decides: a tag charges at one place at a time; absent: at as many as it likes. */
  isOnePlaceOnly?: boolean;
  /** @returns undefined: no opinion */
  ask?(token: Token): Promise<Authorization | undefined>;
}

export interface Authoriser {
  decide(token: Token): Authorization | Promise<Authorization>;
  /** A transaction begins with it. */
  begin(token: Token, evse: number): Authorization | Promise<Authorization>;
  /** Without asking: it is over already. */
  settled(token: Token): Authorization;
  /** Somebody has decided whose word goes before ours. */
  judged(token: Token, authorization: Authorization): void;
  /** For the station, where it decides while it has no connection. */
  listed(): Tag[];
}

/** A flow has this long, ms. */
const patienceMs = 5000;
/** The transaction that follows is not asked for again, ms. */
const sameVisitMs = 60_000;
const mostAnswers = 100;

/** OCPP 1.6 §7.11: identifiers of tags do not care about case. */
const keyOf = (id: string): string => id.trim().toLowerCase();

/** @param isElsewhere whether a tag charges at another place already */
export const createAuthoriser = (
  { mode, tags, ownTag, isOnePlaceOnly, ask }: AuthorisationOptions,
  clock: Clock,
  isElsewhere: (id: string, evse: number) => boolean = () => false,
): Authoriser => {
  const list = new Map(tags.map((tag) => [keyOf(tag.id), tag]));
  const answers = new Map<string, { authorization: Authorization; until: number }>();

  const byList = (id: string): Authorization => {
    const tag = list.get(keyOf(id));
    if (!tag) return 'invalid';
    if (tag.isBlocked) return 'blocked';
    return tag.expiresAt !== undefined && tag.expiresAt <= clock.now() ? 'expired' : 'accepted';
  };

  const settled = ({ id }: Token): Authorization => {
    const answer = answers.get(keyOf(id));
    if (answer && answer.until > clock.monotonic()) return answer.authorization;
    return mode === 'free' || keyOf(id) === keyOf(ownTag) ? 'accepted' : byList(id);
  };

  const judged = ({ id }: Token, authorization: Authorization): void => {
    if (answers.size >= mostAnswers) answers.clear();
    answers.set(keyOf(id), { authorization, until: clock.monotonic() + sameVisitMs });
  };

  const patiently = (token: Token, question: Promise<Authorization | undefined>): Promise<Authorization> =>
    new Promise((resolve) => {
      const decide = (answer: Authorization | undefined): void => {
        timer.cancel();
        resolve(answer ?? byList(token.id));
      };
      const timer = clock.after(patienceMs, () => decide(undefined));
      question.then(decide, () => decide(undefined));
    });

  const decide: Authoriser['decide'] = (token) => {
    const key = keyOf(token.id);
    const known = answers.get(key);
    const isAnswered = known !== undefined && known.until > clock.monotonic();
    if (mode !== 'ask' || !ask || key === keyOf(ownTag) || isAnswered) return settled(token);
    return patiently(token, ask(token)).then((authorization) => {
      judged(token, authorization);
      return authorization;
    });
  };

  return {
    decide,
    begin(token, evse) {
      const decision = decide(token);
      const isGuarded = isOnePlaceOnly === true && mode === 'list' && keyOf(token.id) !== keyOf(ownTag);
      // OCPP 1.6 §7.2, OCPP 2.0.1 AuthorizationStatusEnumType: only of a transaction that begins.
      return isGuarded && decision === 'accepted' && isElsewhere(token.id, evse) ? 'concurrent_tx' : decision;
    },
    settled,
    judged,
    listed: () => (mode === 'list' ? tags : []),
  };
};
