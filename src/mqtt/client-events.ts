/**
 * Events of a client: news of its connection, and of messages that it could not deliver. Logs and nodes with an output
 * take them.
 */
import { createEventId } from '../model/identity.ts';
import type { Message } from '../model/message.ts';
import type { Phrase } from '../model/phrase.ts';
import { type Clock, isoTime } from '../model/time.ts';

/** One event of a client. */
export interface ClientEvent {
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
  /** Key and parameters of a sentence in the catalog of the broker node. */
  phrase: Phrase;
}

const longestMessage = 1024;

/** @param sentence the phrase in the language of this runtime. @param gateway name of this runtime in topics */
export const toEventMessage = (
  { name, severity, phrase }: ClientEvent,
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
  message: sentence.slice(0, longestMessage),
  data: phrase.params,
});
