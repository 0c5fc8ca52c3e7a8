/** The short form of a command, as hand-wired flows send it: msg.command = "charge", msg.payload = { power_w: 2000 }. */
import type { Actuator } from '../drivers/driver.ts';
import { commandDefaults } from '../model/command.ts';
import { type Clock, isoTime, type Result } from '../model/time.ts';
import { componentKey } from './meta.ts';

export interface ShortForm {
  command: string;
  /** Parameters by name; anything but an object: none. */
  params: unknown;
  /** "battery", "ev_charger/2": needed where several components know the command. */
  component?: string;
  id?: string;
  requester: string;
  priority?: number;
  ttlS?: number;
  leaseS?: number;
  onRange?: 'reject' | 'clamp';
}

const isParams = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);

/** @returns the command in full, or why it is not clear what is meant */
export const completeCommand = (
  short: ShortForm,
  device: string,
  actuators: Actuator[],
  clock: Clock,
): Result<{ topic: string; body: Record<string, unknown> }> => {
  const { command, params, id = crypto.randomUUID(), requester, onRange } = short;
  const known = actuators.filter(({ verbs }) => command === 'release' || Object.hasOwn(verbs, command));
  const components = [...new Set(known.map(componentKey))];
  const component = short.component ?? components[0];
  if (component === undefined) return { ok: false, reason: `device ${device} knows no command "${command}"` };
  if (short.component === undefined && components.length > 1)
    return { ok: false, reason: `${command} fits ${components.join(' and ')}: set msg.component` };
  const verb = known.find((each) => componentKey(each) === component)?.verbs[command];
  const hasLease = verb?.kind === 'setpoint' || verb?.kind === 'limit';
  return {
    ok: true,
    value: {
      topic: `devices/${device}/${component}/command/${command}`,
      body: {
        schema: 'command/1',
        id,
        ts: isoTime(clock.now()),
        params: isParams(params) ? params : {},
        ttl_s: short.ttlS ?? commandDefaults.ttlS,
        ...(hasLease ? { lease_s: short.leaseS ?? commandDefaults.leaseS } : {}),
        priority: short.priority ?? commandDefaults.priority,
        requester,
        ...(onRange === undefined ? {} : { on_range: onRange }),
      },
    },
  };
};
