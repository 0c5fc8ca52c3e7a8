/** What a link tells of its connection and of messages it could not deliver, for logs and for nodes with an output. */
import { createEventId } from '../model/identity.ts';
import type { Message } from '../model/message.ts';
import type { Phrase } from '../model/phrase.ts';
import { type Clock, isoTime } from '../model/time.ts';

export interface LinkEvent {
  name:
    | 'broker_offline'
    | 'broker_online'
    | 'certificate_unverified'
    | 'delivery_degraded'
    | 'delivery_delayed'
    | 'message_set_aside'
    | 'session_shortened'
    | 'subscription_refused';
  severity: 'info' | 'warning' | 'alarm';
  phrase: Phrase;
}

/** @param sentence of the phrase, in the language of this runtime */
export const toEventMessage = (
  { name, severity, phrase }: LinkEvent,
  sentence: string,
  gateway: string,
  clock: Clock,
): Message<'event/1'> => ({
  topic: `system/event/${gateway}/${name}`,
  schema: 'event/1',
  id: createEventId(),
  name,
  severity,
  ts: isoTime(clock.now()),
  code: phrase.key,
  message: sentence.slice(0, 1024),
  data: phrase.params,
});
