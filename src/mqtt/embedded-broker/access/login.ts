/** The login of a client: user and password compared in constant time, slowed down where many were wrong. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { LoginThrottle } from './login-throttle.ts';

/** The one account of the broker. */
export interface Account {
  /** Both or none: without them, every client that reaches the port may connect. */
  username?: string;
  password?: string;
}

const digest = (text: string | Buffer): Buffer => createHash('sha256').update(text).digest();

/** Compares in constant time, whatever the lengths of the texts. */
const equals = (given: string | Buffer | undefined, expected: string): boolean =>
  timingSafeEqual(digest(given ?? ''), digest(expected));

/** User Name and Password of a CONNECT, and where it comes from. */
export interface LoginAttempt {
  /** IP address. */
  host: string;
  clientId: string;
  user: string | undefined;
  password: string | Buffer | undefined;
  /** Whether the client has gone meanwhile. */
  isGone(): boolean;
}

/** Outcomes of a login. */
interface LoginSink {
  accepted(): void;
  refused(reason: string): void;
  /** delayed: the answer comes later. dropped: there is none, and the client should try again. */
  throttled(how: 'delayed' | 'dropped'): void;
}

/** Checks User Name and Password of a CONNECT (MQTT 3.1.1 §3.1.4); exactly one outcome is told, perhaps later. */
export const checkLogin = (
  { username, password = '' }: Account,
  throttle: LoginThrottle,
  attempt: LoginAttempt,
  sink: LoginSink,
): void => {
  if (username === undefined) {
    sink.accepted();
    return;
  }
  const check = (): boolean | undefined => {
    if (attempt.isGone()) return undefined;
    const isRight = equals(attempt.user, username) && equals(attempt.password, password);
    if (isRight) sink.accepted();
    else sink.refused(attempt.user ? 'wrong user name or password' : 'no user name given');
    return isRight;
  };
  const admission = throttle.admit(attempt.host, attempt.clientId, check);
  if (admission !== 'now') sink.throttled(admission === 'later' ? 'delayed' : 'dropped');
};
