/** Who may log in: the user and the password compared in constant time, slowed down where many are wrong. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { LoginBrake } from './login-brake.ts';

export interface Account {
  /** Both or none: without them everybody who reaches the port gets in. */
  username?: string;
  password?: string;
}

const digest = (text: string | Buffer): Buffer => createHash('sha256').update(text).digest();

/** Compares in constant time, whatever the lengths. */
const equals = (given: string | Buffer | undefined, expected: string): boolean =>
  timingSafeEqual(digest(given ?? ''), digest(expected));

export interface Attempt {
  host: string;
  clientId: string;
  user: string | undefined;
  password: string | Buffer | undefined;
  /** Whether the client has gone meanwhile. */
  isGone(): boolean;
}

export interface LoginAnswer {
  accepted(): void;
  refused(reason: string): void;
  /** delayed: the answer comes later. dropped: there is none, the client should try again. */
  braked(how: 'delayed' | 'dropped'): void;
}

export const judgeLogin = (
  { username, password = '' }: Account,
  brake: LoginBrake,
  attempt: Attempt,
  answer: LoginAnswer,
): void => {
  if (username === undefined) {
    answer.accepted();
    return;
  }
  const judge = (): boolean | undefined => {
    if (attempt.isGone()) return undefined;
    const isRight = equals(attempt.user, username) && equals(attempt.password, password);
    if (isRight) answer.accepted();
    else answer.refused(attempt.user ? 'wrong user name or password' : 'no user name given');
    return isRight;
  };
  const admission = brake.admit(attempt.host, attempt.clientId, judge);
  if (admission !== 'now') answer.braked(admission === 'later' ? 'delayed' : 'dropped');
};
