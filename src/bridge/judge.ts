/** Whether a command may be carried out, and by which actuators: schema, time, words, priority, range, lease, device. */
import type { Actuator, VerbDescription } from '../drivers/driver.ts';
import {
  type Code,
  type Command,
  commandDefaults,
  commandSchema,
  type Params,
  reservedPriority,
} from '../model/command.ts';
import { isoTime, parseTime } from '../model/time.ts';
import { findVerb, leaseRange, type Verb } from '../model/verbs.ts';
import { componentKey } from './meta.ts';
import { checkParams } from './ranges.ts';

/** Where a command has to go, or what is wrong with it. */
export type Judged =
  | { ok: true; command: Command; verb: Verb; params: Params; isClamped: boolean; actuators: Actuator[] }
  | { ok: false; status: 'rejected' | 'expired'; code: Code; message: string };

/** What it is judged by. */
export interface Grounds {
  device: string;
  /** Requesters that may claim the reserved priorities; "*" at the end stands for anything. */
  trusted: string[];
  actuators: Actuator[];
  /** Why the device cannot be reached, if so. */
  offline: string | undefined;
  /** Wall clock, ms. */
  now: number;
}

/** How far a sender's clock may be ahead, ms. */
const aheadMs = 60_000;
const refuse = (code: Code, message: string): Judged => ({ ok: false, status: 'rejected', code, message });

const isTrusted = (requester: string, trusted: string[]): boolean =>
  trusted.some((each) => (each.endsWith('*') ? requester.startsWith(each.slice(0, -1)) : requester === each));

const judgeLease = ({ lease_s }: Command, { kind }: Verb, { maxLeaseS }: VerbDescription): Judged | undefined => {
  if (kind !== 'setpoint' && kind !== 'limit') return undefined;
  if (lease_s === undefined) return refuse('SCHEMA', 'lease_s is missing: what changes power is held for a time');
  if (lease_s < leaseRange.minS || lease_s > maxLeaseS)
    return refuse('OUT_OF_RANGE', `lease_s ${lease_s} is outside ${leaseRange.minS}..${maxLeaseS} s`);
  return undefined;
};

const judgeTime = ({ ts, ttl_s }: Command, now: number): Judged | undefined => {
  const sentAt = parseTime(ts);
  if (Number.isNaN(sentAt)) return refuse('SCHEMA', 'ts is no time in UTC');
  if (sentAt > now + aheadMs)
    return refuse('SCHEMA', `ts is ${Math.round((sentAt - now) / 1000)} s ahead of the clock here`);
  const lateMs = now - sentAt - ttl_s * 1000;
  if (lateMs < 0) return undefined;
  const message = `its ttl of ${ttl_s} s was over ${Math.round(lateMs / 1000)} s ago; the clock here says ${isoTime(now)}`;
  return { ok: false, status: 'expired', code: 'EXPIRED', message };
};

/** Which components of the device know a command that this one does not. */
const elsewhere = (name: string, { device, actuators }: Grounds): string | undefined => {
  const known = actuators.filter(({ verbs }) => Object.hasOwn(verbs, name)).map(componentKey);
  const [first] = known;
  return first && `${name} is a command of ${known.join(' and ')}: devices/${device}/${first}/command/${name}`;
};

/** @returns what becomes of a command for a component: "battery", "ev_charger/1" */
export const judge = (
  component: string,
  type: string,
  name: string,
  body: Record<string, unknown>,
  grounds: Grounds,
): Judged => {
  const { trusted, actuators, offline, now } = grounds;
  const parsed = commandSchema.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse('SCHEMA', issue ? `${issue.path.join('.')}: ${issue.message}` : 'not a command/1');
  }
  const command = parsed.data;
  const late = judgeTime(command, now);
  if (late) return late;
  const verb = findVerb(type, name);
  if (!verb) return refuse('UNKNOWN_COMMAND', `${type} knows no command "${name}"`);
  const own = actuators.filter((each) => componentKey(each) === component);
  if (own.length === 0)
    return refuse('UNSUPPORTED', elsewhere(name, grounds) ?? `nothing of ${component} can be commanded`);
  const { priority = commandDefaults.priority, requester } = command;
  if (priority >= reservedPriority && !isTrusted(requester, trusted))
    return refuse('UNAUTHORIZED', `priority ${priority} is not open to ${requester}`);
  if (verb.kind === 'release')
    return { ok: true, command, verb, params: command.params, isClamped: false, actuators: own };
  const actuator = own.find(({ verbs }) => Object.hasOwn(verbs, name));
  const description = actuator?.verbs[name];
  if (!actuator || !description) return refuse('UNSUPPORTED', elsewhere(name, grounds) ?? `this device cannot ${name}`);
  const checked = checkParams(verb, description, command.params, command.on_range === 'clamp');
  if (!checked.ok) return refuse(checked.code, checked.message);
  const badLease = judgeLease(command, verb, description);
  if (badLease) return badLease;
  if (offline !== undefined) return refuse('DEVICE_OFFLINE', offline);
  return { ok: true, command, verb, params: checked.params, isClamped: checked.isClamped, actuators: [actuator] };
};
