/** meta/1 from what the driver knows and what the integrator said in the form. */
import type { Actuator, Channel, ComponentHint, DeviceDescription, VerbDescription } from '../drivers/driver.ts';
import type { Message } from '../model/message.ts';
import type { CommandMeta, ComponentMeta, QuantityMeta, Role } from '../model/meta.ts';
import { leaseRange } from '../model/verbs.ts';

/** What the integrator says about a device. */
export interface Placement {
  device: string;
  name?: string;
  site: string;
  gateway: string;
  /** What the device's meter measures; only meters have a choice. */
  role?: Role;
  coupling?: 'ac' | 'dc';
  /** Device whose inverter carries this one's power. */
  behind?: string;
  /** Meter that measures this device too. */
  parent?: string;
  phase?: 'l1' | 'l2' | 'l3';
  /** Of its battery, where the device does not tell. */
  usableEnergyWh?: number;
  /** The meter was mounted the other way round. */
  isReversed?: boolean;
  /** Its counters are billed: QoS 2. */
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

export const isMeter = (type: string): boolean => type === 'meter' || type === 'grid';

export const roleOf = (type: string, hint: ComponentHint | undefined, placement: Placement): Role => {
  if (isMeter(type) && placement.role !== undefined) return placement.role;
  return hint?.role ?? roleOfType[type] ?? 'none';
};

/** A meter of a source counts positive what the source gives; the register counts what is drawn. */
export const isSourceRole = (role: Role): boolean => role === 'solar' || role === 'battery' || role === 'generator';

const positiveOf = (type: string, role: Role): string => {
  if (role === 'battery') return 'discharge';
  if (role === 'solar' || role === 'generator' || role === 'inverter') return 'production';
  return isMeter(type) && role !== 'load' && role !== 'ev' && role !== 'heat' ? 'import' : 'consumption';
};

export const componentKey = ({ type, index }: Pick<Channel, 'type' | 'index'>): string =>
  index === undefined ? type : `${type}/${index}`;

export const quantityKey = ({ quantity, part }: Pick<Channel, 'quantity' | 'part'>): string =>
  part === undefined ? quantity : `${quantity}/${part}`;

const describeQuantity = (channel: Channel, role: Role, isBilling: boolean, isDerived: boolean): QuantityMeta => ({
  ...(channel.unit === undefined ? {} : { unit: channel.unit as NonNullable<QuantityMeta['unit']> }),
  interval_s: channel.intervalS,
  max_age_s: channel.maxAgeS,
  report: channel.report ?? 'periodic',
  ...(channel.resolution === undefined ? {} : { resolution: channel.resolution }),
  ...(channel.modulus === undefined ? {} : { modulus: channel.modulus }),
  ...(channel.signed && channel.unit === 'W' ? { positive: positiveOf(channel.type, role) } : {}),
  ...(channel.unit === 'W' || channel.unit === 'A' || channel.unit === 'var' ? { signed: channel.signed } : {}),
  ...(channel.isSignVerified === false ? { sign_verified: false } : {}),
  ...(isBilling && channel.kind === 'counter' ? { billing: true } : {}),
  ...(isDerived || channel.isDerived ? { derived: true } : {}),
});

const describeCommand = (
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

/** Every verb of an actuator, and the one that lets go of it. */
const describeActuator = (actuator: Actuator): [string, CommandMeta][] => [
  ...Object.entries(actuator.verbs).map(([verb, each]): [string, CommandMeta] => [
    verb,
    describeCommand(each, actuator),
  ]),
  ...(actuator.fallback ? [['release', { kind: 'release', params: {} }] satisfies [string, CommandMeta]] : []),
];

/**
 * @param derived channels the bridge computes itself
 */
export const describeDevice = (
  description: DeviceDescription,
  derived: Channel[],
  actuators: Actuator[],
  placement: Placement,
  ts: string,
): Message<'meta/1'> => {
  const components = new Map<string, ComponentMeta>();
  const usableEnergyWh = placement.usableEnergyWh ?? description.usableEnergyWh;
  const componentOf = (given: Pick<Channel, 'type' | 'index'>): ComponentMeta => {
    const key = componentKey(given);
    const hint = description.components[key] ?? description.components[given.type];
    let component = components.get(key);
    if (!component) {
      const coupling = hint?.coupling ?? placement.coupling;
      const behind = coupling === 'dc' ? (placement.behind ?? placement.device) : placement.behind;
      component = {
        type: given.type,
        ...(given.index === undefined ? {} : { index: given.index }),
        role: roleOf(given.type, hint, placement),
        ...(coupling === undefined ? {} : { coupling }),
        ...(behind === undefined ? {} : { behind }),
        ...(placement.parent === undefined ? {} : { parent: placement.parent }),
        ...(placement.phase === undefined ? {} : { phase: placement.phase }),
        ...(hint?.phases === undefined ? {} : { phases: hint.phases }),
        ...(hint?.phaseRotation === undefined ? {} : { phase_rotation: hint.phaseRotation }),
        ...(description.ratedPowerW === undefined ? {} : { rated_power_w: description.ratedPowerW }),
        ...(usableEnergyWh === undefined || given.type !== 'battery' ? {} : { usable_energy_wh: usableEnergyWh }),
        quantities: {},
      };
      components.set(key, component);
    }
    return component;
  };
  const add = (channel: Channel, isDerived: boolean): void => {
    const component = componentOf(channel);
    const { role = 'none' } = component;
    component.quantities[quantityKey(channel)] = describeQuantity(
      channel,
      role,
      placement.isBilling === true,
      isDerived,
    );
  };
  for (const channel of description.channels) add(channel, false);
  for (const channel of derived) add(channel, true);
  for (const actuator of actuators) {
    const component = componentOf(actuator);
    component.commands = { ...component.commands, ...Object.fromEntries(describeActuator(actuator)) };
  }
  const { vendor, model, serial, firmware, protocol } = description;
  return {
    topic: `devices/${placement.device}/meta`,
    schema: 'meta/1',
    device: placement.device,
    ...(placement.name ? { name: placement.name } : {}),
    site: placement.site,
    gateway: placement.gateway,
    ...(vendor === undefined ? {} : { vendor }),
    ...(model === undefined ? {} : { model }),
    ...(serial === undefined ? {} : { serial }),
    ...(firmware === undefined ? {} : { firmware }),
    protocol,
    ts,
    components: [...components.values()],
  };
};
