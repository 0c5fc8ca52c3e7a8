/**
 * Whether a command may be carried out, and by which actuators: schema, time, registry of commands, priority, ranges,
 * lease, and whether the device can be reached.
 */
import type { Actuator, DeviceState, VerbDescription } from '../../drivers/driver.ts';
import {
  type Code,
  type Command,
  commandDefaults,
  commandSchema,
  type Params,
  reservedPriority,
} from '../../model/command.ts';
import { isoTime, parseTime } from '../../model/time.ts';
import { componentKey } from '../../model/topic.ts';
import { findVerb, leaseRange, type Verb } from '../../model/verbs.ts';
import { checkParams } from './check-params.ts';

/** A command that may be carried out, and the actuators that do so; a release concerns all those of a component. */
export interface PermittedCommand {
  ok: true;
  command: Command;
  verb: Verb;
  /** Parameters in range. */
  params: Params;
  isClamped: boolean;
  actuators: Actuator[];
}

/** A command that may not be carried out. */
export interface RefusedCommand {
  ok: false;
  status: 'rejected' | 'expired';
  code: Code;
  message: string;
}

/** A command as its topic addresses it. */
export interface CommandTarget {
  type: string;
  index?: number;
  /** Name of the command. */
  verb: string;
}

/** The state of the device and of its gateway that a command is checked against. */
export interface CommandConditions {
  device: string;
  /** Requesters that may claim the reserved priorities; "*" at the end stands for anything. */
  trusted: readonly string[];
  actuators: Actuator[];
  /** The state of the device. */
  state: DeviceState;
  /** Wall clock, ms. */
  now: number;
}

/** The clock of a sender may be ahead by this, ms. */
const maxAheadMs = 60_000;

const refuse = (code: Code, message: string): RefusedCommand => ({ ok: false, status: 'rejected', code, message });

const isTrusted = (requester: string, trusted: readonly string[]): boolean =>
  trusted.some((each) => (each.endsWith('*') ? requester.startsWith(each.slice(0, -1)) : requester === each));

const leaseFault = (
  { lease_s }: Command,
  { kind }: Verb,
  { maxLeaseS }: VerbDescription,
): RefusedCommand | undefined => {
  if (kind !== 'setpoint' && kind !== 'limit') return undefined;
  if (lease_s === undefined) return refuse('SCHEMA', 'lease_s is missing: what changes power is held for a time');
  if (lease_s < leaseRange.minS || lease_s > maxLeaseS)
    return refuse('OUT_OF_RANGE', `lease_s ${lease_s} is outside ${leaseRange.minS}..${maxLeaseS} s`);
  return undefined;
};

const timeFault = ({ ts, ttl_s }: Command, now: number): RefusedCommand | undefined => {
  const sentAt = parseTime(ts);
  if (Number.isNaN(sentAt)) return refuse('SCHEMA', 'ts is no time in UTC');
  if (sentAt > now + maxAheadMs)
    return refuse('SCHEMA', `ts is ${Math.round((sentAt - now) / 1000)} s ahead of the clock here`);
  const lateMs = now - sentAt - ttl_s * 1000;
  if (lateMs < 0) return undefined;
  const message = `its ttl of ${ttl_s} s was over ${Math.round(lateMs / 1000)} s ago; the clock here says ${isoTime(now)}`;
  return { ok: false, status: 'expired', code: 'EXPIRED', message };
};

const priorityFault = (
  { priority = commandDefaults.priority, requester }: Command,
  trusted: readonly string[],
): RefusedCommand | undefined =>
  priority >= reservedPriority && !isTrusted(requester, trusted)
    ? refuse('UNAUTHORIZED', `priority ${priority} is not open to ${requester}`)
    : undefined;

/** @returns why the device cannot be told anything; undefined if it can be reached */
const unreachableReason = (state: DeviceState): string | undefined => {
  if (state.kind === 'connecting') return 'not connected yet';
  return state.kind === 'offline' ? state.reason : undefined;
};

/** @returns a hint at the components of the device that know the command */
const otherComponents = (verb: string, { device, actuators }: CommandConditions): string | undefined => {
  const known = actuators.filter(({ verbs }) => Object.hasOwn(verbs, verb)).map(componentKey);
  const [first] = known;
  return first && `${verb} is a command of ${known.join(' and ')}: devices/${device}/${first}/command/${verb}`;
};

const checkVerb = (
  command: Command,
  { verb, name, own }: { verb: Verb; name: string; own: Actuator[] },
  conditions: CommandConditions,
): PermittedCommand | RefusedCommand => {
  const actuator = own.find(({ verbs }) => Object.hasOwn(verbs, name));
  const description = actuator?.verbs[name];
  if (!actuator || !description)
    return refuse('UNSUPPORTED', otherComponents(name, conditions) ?? `this device cannot ${name}`);
  const checked = checkParams(command.params, { verb, description, clamps: command.on_range === 'clamp' });
  if (!checked.ok) return refuse(checked.code, checked.message);
  const badLease = leaseFault(command, verb, description);
  if (badLease) return badLease;
  const unreachable = unreachableReason(conditions.state);
  if (unreachable !== undefined) return refuse('DEVICE_OFFLINE', unreachable);
  return { ok: true, command, verb, params: checked.params, isClamped: checked.isClamped, actuators: [actuator] };
};

/**
 * Checks a command that came for a component.
 * @param body payload of the command
 */
export const checkCommand = (
  target: CommandTarget,
  body: Record<string, unknown>,
  conditions: CommandConditions,
): PermittedCommand | RefusedCommand => {
  const parsed = commandSchema.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return refuse('SCHEMA', issue ? `${issue.path.join('.')}: ${issue.message}` : 'not a command/1');
  }
  const command = parsed.data;
  const badTime = timeFault(command, conditions.now);
  if (badTime) return badTime;
  const { type, verb: name } = target;
  const verb = findVerb(type, name);
  if (!verb) return refuse('UNKNOWN_COMMAND', `${type} knows no command "${name}"`);
  const component = componentKey(target);
  const own = conditions.actuators.filter((each) => componentKey(each) === component);
  if (own.length === 0)
    return refuse(
      'UNSUPPORTED',
      otherComponents(name, conditions) ?? `${component} of this device cannot be commanded`,
    );
  const badPriority = priorityFault(command, conditions.trusted);
  if (badPriority) return badPriority;
  if (verb.kind === 'release')
    return { ok: true, command, verb, params: command.params, isClamped: false, actuators: own };
  return checkVerb(command, { verb, name, own }, conditions);
};
