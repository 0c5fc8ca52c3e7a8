/** The shorthand of a command, as hand-wired flows send it: msg.command = "charge", msg.payload = { power_w: 2000 }. */
import type { Actuator } from '../../drivers/driver.ts';
import { commandDefaults } from '../../model/command.ts';
import { type Clock, isoTime, type Result } from '../../model/time.ts';
import { componentKey } from '../../model/topic.ts';

/** A command without the parts that are clear by themselves. */
export interface CommandShorthand {
  /** Name of the command. */
  command: string;
  /** Parameters by name; anything but an object means none. */
  params: unknown;
  /** "battery", "ev_charger/2": needed if several components know the command. */
  component?: string;
  id?: string;
  requester: string;
  priority?: number;
  ttlS?: number;
  leaseS?: number;
  onRange?: 'reject' | 'clamp';
}

/** The device that a shorthand is meant for. */
interface ShorthandTarget {
  device: string;
  actuators: Actuator[];
  clock: Clock;
}

/** A command in full. */
interface CompletedCommand {
  topic: string;
  body: Record<string, unknown>;
}

const isParams = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);

const knows = ({ verbs }: Actuator, command: string): boolean => command === 'release' || Object.hasOwn(verbs, command);

const bodyOf = (
  { params, id = crypto.randomUUID(), ttlS, leaseS, priority, requester, onRange }: CommandShorthand,
  hasLease: boolean,
  ts: string,
): Record<string, unknown> => ({
  schema: 'command/1',
  id,
  ts,
  params: isParams(params) ? params : {},
  ttl_s: ttlS ?? commandDefaults.ttlS,
  ...(hasLease ? { lease_s: leaseS ?? commandDefaults.leaseS } : {}),
  priority: priority ?? commandDefaults.priority,
  requester,
  ...(onRange === undefined ? {} : { on_range: onRange }),
});

/** @returns the command in full, or why it is not clear which command is meant */
export const completeCommand = (
  shorthand: CommandShorthand,
  { device, actuators, clock }: ShorthandTarget,
): Result<CompletedCommand> => {
  const { command } = shorthand;
  const known = actuators.filter((each) => knows(each, command));
  const components = [...new Set(known.map(componentKey))];
  const component = shorthand.component ?? components[0];
  if (component === undefined) return { ok: false, reason: `device ${device} knows no command "${command}"` };
  if (shorthand.component === undefined && components.length > 1)
    return { ok: false, reason: `${command} fits ${components.join(' and ')}: set msg.component` };
  const verb = known.find((each) => componentKey(each) === component)?.verbs[command];
  const hasLease = verb?.kind === 'setpoint' || verb?.kind === 'limit';
  return {
    ok: true,
    value: {
      topic: `devices/${device}/${component}/command/${command}`,
      body: bodyOf(shorthand, hasLease, isoTime(clock.now())),
    },
  };
};
