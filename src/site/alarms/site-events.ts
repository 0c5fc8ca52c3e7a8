/** Events of a site as messages event/1: those that happen once, and alarms, which are raised and cleared. */
import type { Event } from '../../model/event.ts';
import type { Message } from '../../model/message.ts';
import { type Clock, isoTime } from '../../model/time.ts';

/** Data of an event. */
export type EventData = NonNullable<Event['data']>;

/** An alarm as it is now. */
export interface AlarmState {
  name: string;
  /** Subject of the alarm, such as a topic; each subject has a state of its own. */
  subject: string;
  isActive: boolean;
  /** @returns the data of the event, made only where the alarm changes */
  data(): EventData;
}

/** Publisher, clock and receiver of the events of a site. */
export interface EventContext {
  site: string;
  /** Run of the publisher, which makes the ids of events unique over restarts. */
  boot: string;
  clock: Clock;
  send(messages: Message[]): void;
}

/** Publishes the events of one site. */
export class SiteEvents {
  readonly #context: EventContext;
  readonly #raised = new Set<string>();
  #count = 0;

  constructor(context: EventContext) {
    this.#context = context;
  }

  /** Publishes an event that happens once. */
  publish(name: string, severity: Event['severity'], data: EventData): void {
    this.#send(name, { severity, data });
  }

  /** Publishes an alarm when it is raised, as a warning, and when it is cleared. */
  setAlarm({ name, subject, isActive, data }: AlarmState): void {
    const key = `${name} ${subject}`;
    if (this.#raised.has(key) === isActive) return;
    if (isActive) this.#raised.add(key);
    else this.#raised.delete(key);
    this.#send(name, {
      severity: isActive ? 'warning' : 'info',
      state: isActive ? 'active' : 'cleared',
      data: data(),
    });
  }

  #send(name: string, fields: Pick<Event, 'severity' | 'data'> & Partial<Pick<Event, 'state'>>): void {
    const { site, boot, clock, send } = this.#context;
    this.#count++;
    const topic = `sites/${site}/event/${name}`;
    send([{ topic, schema: 'event/1', id: `${boot}-${this.#count}`, name, ts: isoTime(clock.now()), ...fields }]);
  }
}
