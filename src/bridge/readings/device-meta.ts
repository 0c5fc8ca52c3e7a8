/** meta/1 of a device, from the description of its driver and from the form of its node. */
import type { Actuator, Channel, ComponentHint, DeviceDescription, VerbDescription } from '../../drivers/driver.ts';
import type { Message } from '../../model/message.ts';
import type { CommandMeta, ComponentMeta, QuantityMeta, Role } from '../../model/meta.ts';
import { componentKey } from '../../model/topic.ts';
import { leaseRange } from '../../model/verbs.ts';

/** The place of a device in its site, as the integrator enters it. */
export interface Placement {
  device: string;
  name?: string;
  site: string;
  gateway: string;
  /** Role of the device's meter; the roles of other components are fixed. */
  role?: Role;
  coupling?: 'ac' | 'dc';
  /** Device whose inverter carries the power of this one. */
  behind?: string;
  /** Meter that measures this device too. */
  parent?: string;
  phase?: 'l1' | 'l2' | 'l3';
  /** Usable energy of the battery, for a device that does not tell it, Wh. */
  usableEnergyWh?: number;
  /** Whether the meter is mounted the wrong way round. */
  isReversed?: boolean;
  /** Whether the counters are billed: their readings are published with QoS 2. */
  isBilling?: boolean;
}

const roleOfType: Record<string, Role> = {
  battery: 'battery',
  solar: 'solar',
  wind: 'solar',
  inverter: 'inverter',
  ev_charger: 'ev',
  heat_pump: 'heat',
  heater: 'heat',
  load: 'load',
  generator: 'generator',
  grid: 'grid',
  meter: 'submeter',
};

/** Whether components of this type measure something else, by a role that the integrator chooses. */
export const isMeter = (type: string): boolean => type === 'meter' || type === 'grid';

/** @returns the role of a component: as the integrator chose it, or the driver knows it, or as usual for its type */
export const roleOf = (type: string, hint: ComponentHint | undefined, placement: Placement): Role => {
  if (isMeter(type) && placement.role !== undefined) return placement.role;
  return hint?.role ?? roleOfType[type] ?? 'none';
};

/** Whether power of this role is positive while the component produces; the register of its meter counts imports. */
export const isSourceRole = (role: Role): boolean => role === 'solar' || role === 'battery' || role === 'generator';

/** @returns the direction in which power of a component is positive, in words */
const positiveDirection = (type: string, role: Role): string => {
  if (role === 'battery') return 'discharge';
  if (role === 'solar' || role === 'generator' || role === 'inverter') return 'production';
  return isMeter(type) && role !== 'load' && role !== 'ev' && role !== 'heat' ? 'import' : 'consumption';
};

const quantityKey = ({ quantity, part }: Pick<Channel, 'quantity' | 'part'>): string =>
  part === undefined ? quantity : `${quantity}/${part}`;

const quantityMeta = (
  channel: Channel,
  { role, isBilling, isDerived }: { role: Role; isBilling: boolean; isDerived: boolean },
): QuantityMeta => ({
  ...(channel.unit === undefined ? {} : { unit: channel.unit as NonNullable<QuantityMeta['unit']> }),
  interval_s: channel.intervalS,
  max_age_s: channel.maxAgeS,
  report: channel.report ?? 'periodic',
  ...(channel.resolution === undefined ? {} : { resolution: channel.resolution }),
  ...(channel.modulus === undefined ? {} : { modulus: channel.modulus }),
  ...(channel.signed && channel.unit === 'W' ? { positive: positiveDirection(channel.type, role) } : {}),
  ...(channel.unit === 'W' || channel.unit === 'A' || channel.unit === 'var' ? { signed: channel.signed } : {}),
  ...(channel.isSignVerified === false ? { sign_verified: false } : {}),
  ...(isBilling && channel.kind === 'counter' ? { billing: true } : {}),
  ...(isDerived || channel.isDerived ? { derived: true } : {}),
});

const commandMeta = (
  { kind, params, maxLeaseS, tolerance }: VerbDescription,
  { fallback, latencyS, timeConstantS, verifyS, verification, watchdogS, isPersistent }: Actuator,
): CommandMeta => ({
  kind,
  params: Object.fromEntries(
    Object.entries(params).map(([name, { isZeroAllowed, isOptional, limitedBy, ...range }]) => [
      name,
      {
        ...range,
        ...(isZeroAllowed ? { zero: true } : {}),
        ...(isOptional ? { optional: true } : {}),
        ...(limitedBy === undefined ? {} : { limited_by: limitedBy }),
      },
    ]),
  ),
  lease:
    kind === 'config' || kind === 'action'
      ? { required: false }
      : { required: true, min_s: leaseRange.minS, max_s: maxLeaseS },
  ...(fallback && { fallback: fallback.means }),
  ...(latencyS === undefined ? {} : { latency_s: latencyS }),
  ...(timeConstantS === undefined ? {} : { time_constant_s: timeConstantS }),
  ...(tolerance === undefined ? {} : { tolerance }),
  verify_s: verifyS,
  verification,
  ...(watchdogS === undefined ? {} : { watchdog_s: watchdogS }),
  ...(isPersistent ? { persistent: true } : {}),
});

/** @returns the commands of an actuator by verb; one with a safe state can be released as well */
const commandMetas = (actuator: Actuator): Record<string, CommandMeta> => ({
  ...Object.fromEntries(Object.entries(actuator.verbs).map(([verb, each]) => [verb, commandMeta(each, actuator)])),
  ...(actuator.fallback ? { release: { kind: 'release', params: {} } } : {}),
});

/** A device with all that is known of it. */
interface DeviceFacts {
  /** As the driver describes it. */
  description: DeviceDescription;
  /** Channels that the bridge derives. */
  derived: Channel[];
  actuators: Actuator[];
  placement: Placement;
}

/** @returns the meta of a component without its quantities and commands */
const componentMeta = (
  { type, index }: Pick<Channel, 'type' | 'index'>,
  hint: ComponentHint | undefined,
  { description, placement }: DeviceFacts,
): ComponentMeta => {
  const usableEnergyWh = placement.usableEnergyWh ?? description.usableEnergyWh;
  const coupling = hint?.coupling ?? placement.coupling;
  const behind = coupling === 'dc' ? (placement.behind ?? placement.device) : placement.behind;
  return {
    type,
    ...(index === undefined ? {} : { index }),
    role: roleOf(type, hint, placement),
    ...(coupling === undefined ? {} : { coupling }),
    ...(behind === undefined ? {} : { behind }),
    ...(placement.parent === undefined ? {} : { parent: placement.parent }),
    ...(placement.phase === undefined ? {} : { phase: placement.phase }),
    ...(hint?.phases === undefined ? {} : { phases: hint.phases }),
    ...(hint?.phaseRotation === undefined ? {} : { phase_rotation: hint.phaseRotation }),
    ...(description.ratedPowerW === undefined ? {} : { rated_power_w: description.ratedPowerW }),
    ...(usableEnergyWh === undefined || type !== 'battery' ? {} : { usable_energy_wh: usableEnergyWh }),
    quantities: {},
  };
};

/** @returns the components of a device, in the order in which its channels and actuators name them */
const componentMetas = (facts: DeviceFacts): ComponentMeta[] => {
  const { description, derived, actuators, placement } = facts;
  const components = new Map<string, ComponentMeta>();
  const componentOf = (given: Pick<Channel, 'type' | 'index'>): ComponentMeta => {
    const key = componentKey(given);
    const hint = description.components[key] ?? description.components[given.type];
    const component = components.get(key) ?? componentMeta(given, hint, facts);
    components.set(key, component);
    return component;
  };
  const isBilling = placement.isBilling === true;
  const add = (channel: Channel, isDerived: boolean): void => {
    const { role = 'none', quantities } = componentOf(channel);
    quantities[quantityKey(channel)] = quantityMeta(channel, { role, isBilling, isDerived });
  };
  for (const channel of description.channels) add(channel, false);
  for (const channel of derived) add(channel, true);
  for (const actuator of actuators) {
    const component = componentOf(actuator);
    component.commands = { ...component.commands, ...commandMetas(actuator) };
  }
  return [...components.values()];
};

/** Describes a device for all who use its readings and commands. @param ts ISO 8601 */
export const deviceMeta = (facts: DeviceFacts, ts: string): Message<'meta/1'> => {
  const { vendor, model, serial, firmware, protocol, facts: found } = facts.description;
  const { device, name, site, gateway } = facts.placement;
  return {
    topic: `devices/${device}/meta`,
    schema: 'meta/1',
    device,
    ...(name ? { name } : {}),
    site,
    gateway,
    ...(vendor === undefined ? {} : { vendor }),
    ...(model === undefined ? {} : { model }),
    ...(serial === undefined ? {} : { serial }),
    ...(firmware === undefined ? {} : { firmware }),
    protocol,
    ts,
    ...(found && { facts: found }),
    components: componentMetas(facts),
  };
};
