/** Events of a site: what happens once, and alarms, which are raised on transition and cleared again. */
import type { Event } from '../model/event.ts';
import type { Message } from '../model/message.ts';
import { type Clock, isoTime } from '../model/time.ts';

type Data = NonNullable<Event['data']>;

export interface Reporter {
  tell(name: string, severity: Event['severity'], data: Data): void;
  /** @param subject what it is about: each has its own state */
  alarm(name: string, subject: string, isActive: boolean, data: () => Data): void;
}

/** @param boot makes the ids of events unique over restarts */
export const createReporter = (
  site: string,
  boot: string,
  clock: Clock,
  send: (messages: Message[]) => void,
): Reporter => {
  const raised = new Set<string>();
  let count = 0;

  const emit = (name: string, more: Pick<Event, 'severity' | 'data'> & Partial<Pick<Event, 'state'>>): void => {
    count++;
    const topic = `sites/${site}/event/${name}`;
    send([{ topic, schema: 'event/1', id: `${boot}-${count}`, name, ts: isoTime(clock.now()), ...more }]);
  };

  return {
    tell: (name, severity, data) => emit(name, { severity, data }),
    alarm(name, subject, isActive, data) {
      const key = `${name} ${subject}`;
      if (raised.has(key) === isActive) return;
      if (isActive) raised.add(key);
      else raised.delete(key);
      emit(name, { severity: isActive ? 'warning' : 'info', state: isActive ? 'active' : 'cleared', data: data() });
    },
  };
};
