/** How each class of message travels: QoS, retained or not, and how long it is worth keeping. */
import { isEnded } from './command.ts';
import type { Message } from './message.ts';
import { findQuantity } from './quantities.ts';
import { parseTime } from './time.ts';
import type { Topic } from './topic.ts';

type MessageClass = 'telemetry' | 'status' | 'billing' | 'command' | 'response' | 'event';

export interface Delivery {
  class: MessageClass;
  qos: 0 | 1 | 2;
  retain: boolean;
}

const telemetry: Delivery = { class: 'telemetry', qos: 0, retain: false };
const status: Delivery = { class: 'status', qos: 1, retain: true };
const billing: Delivery = { class: 'billing', qos: 2, retain: true };
const billingRecord: Delivery = { class: 'billing', qos: 2, retain: false };
/** A broker replays what is retained after each reconnect: a command never is. */
const command: Delivery = { class: 'command', qos: 1, retain: false };
const response: Delivery = { class: 'response', qos: 1, retain: false };
const event: Delivery = { class: 'event', qos: 1, retain: false };
const heartbeat: Delivery = { class: 'status', qos: 1, retain: false };

const actions: Record<'command' | 'response' | 'setpoint', Delivery> = { command, response, setpoint: status };

/** Messages that somebody may be billed by: they arrive once, as they were. */
const billingEvents = new Set(['session_ended', 'session_corrected', 'session_end_unknown', 'signed_value']);

const siteValue = (name: string): Delivery => {
  if (name === 'power') return telemetry;
  if (name === 'energy') return billing;
  if (name === 'interval') return billingRecord;
  return status;
};

const systemArea = (area: string): Delivery => {
  if (area === 'heartbeat') return heartbeat;
  if (area === 'command' || area === 'response') return actions[area];
  if (area === 'event') return event;
  if (area === 'metrics') return telemetry;
  return status;
};

/**
 * The delivery of a message by its topic.
 * @param isBilling whether the device's meta marks this quantity (or event) as billing
 */
export const deliveryOf = (topic: Topic, isBilling = false): Delivery => {
  switch (topic.kind) {
    case 'reading': {
      if (isBilling) return billing;
      return findQuantity(topic.type, topic.quantity)?.class === 'status' ? status : telemetry;
    }
    case 'action':
    case 'site_action':
      return actions[topic.action];
    case 'event':
    case 'component_event':
    case 'site_event':
      return isBilling || billingEvents.has(topic.name) ? billingRecord : event;
    case 'site_value':
      return siteValue(topic.name);
    case 'system':
      return systemArea(topic.area);
    default:
      return status;
  }
};

/** A consumer may miss two messages before a value is old (model.md §4). */
const intervalsOfLife = 3;
/** A requester waits no longer for an answer, s. */
const responseLifeS = 60;

interface Renewal {
  /** How often the quantity is renewed, as the meta of its device says, s. */
  intervalS: number | undefined;
  /** Wall clock, ms. */
  now: number;
}

/**
 * The Message Expiry Interval (MQTT 5 §3.3.2.3.3): a broker that keeps the message for somebody may drop it then.
 * @returns s; undefined: the message is never worth nothing
 */
export const expiryOf = (message: Message, delivery: Delivery, { intervalS, now }: Renewal): number | undefined => {
  if (delivery.class === 'response') return responseLifeS;
  if (message.schema === 'command/1') return message.ttl_s;
  if (message.schema === 'heartbeat/1') return intervalsOfLife * message.period_s;
  // A setpoint that nobody takes back, because its bridge is gone, is over with its lease.
  if (message.schema === 'setpoint/1' && !isEnded(message) && message.until !== undefined)
    return Math.max(1, (parseTime(message.until) - now) / 1000);
  return delivery.class === 'telemetry' && intervalS !== undefined ? intervalsOfLife * intervalS : undefined;
};
