/** How each class of message travels: QoS, retained or not, and how long it is worth keeping. */
import { findQuantity } from './quantities.ts';
import type { Topic } from './topic.ts';

type MessageClass = 'telemetry' | 'status' | 'billing' | 'command' | 'response' | 'event';

export interface Delivery {
  class: MessageClass;
  qos: 0 | 1 | 2;
  retain: boolean;
  /** Seconds after which a broker may drop it (MQTT 5 message expiry); absent: never. */
  expiryS?: number;
}

const telemetry: Delivery = { class: 'telemetry', qos: 0, retain: false };
const status: Delivery = { class: 'status', qos: 1, retain: true };
const billing: Delivery = { class: 'billing', qos: 2, retain: true };
const billingRecord: Delivery = { class: 'billing', qos: 2, retain: false };
/** A broker replays what is retained after each reconnect: a command never is. */
const command: Delivery = { class: 'command', qos: 1, retain: false };
const response: Delivery = { class: 'response', qos: 1, retain: false, expiryS: 60 };
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
