import { join } from 'node:path';
import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { addressRange, modbusFields, mostDumpedRegisters, unitRange } from '../src/drivers/modbus/codec/limits.ts';
import { createModbusDriver } from '../src/drivers/modbus/driver.ts';
import { inspectProfile } from '../src/drivers/modbus/inspect.ts';
import { listProfiles, openProfile } from '../src/drivers/modbus/library.ts';
import type { LearntRange } from '../src/drivers/modbus/plan.ts';
import { dumpRegisters } from '../src/drivers/modbus/probe.ts';
import type { Profile } from '../src/drivers/modbus/profile.ts';
import { choiceOf } from '../src/model/limits.ts';
import { roles } from '../src/model/meta.ts';
import { runBridge } from '../src/shell/bridge-node.ts';
import {
  choiceField,
  flagField,
  idField,
  nodeReference,
  numberField,
  optionalId,
  optionalNumberField,
  textField,
} from '../src/shell/config.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { defineEndpoint, serveLiveValues } from '../src/shell/endpoints.ts';
import { gatewayName } from '../src/shell/gateway.ts';
import { createStateFile } from '../src/shell/state-file.ts';
import type { ModbusClientApi } from './ems-modbus-client.ts';
import type { SiteApi } from './ems-site.ts';

const config = z.object({
  client: nodeReference('the Modbus client'),
  site: nodeReference('the site'),
  device: idField('the device id'),
  name: textField(),
  profile: textField(),
  /** A profile typed into the form, as JSON; then profile is empty. */
  inline: textField(),
  params: z.record(z.string(), z.string()).catch({}),
  instance: numberField(modbusFields.instance),
  unit: optionalNumberField(modbusFields.unit),
  interval: numberField(modbusFields.interval),
  /** Usable energy of its battery, kWh, where the device does not tell. */
  capacity: optionalNumberField(modbusFields.capacity),
  role: choiceField(choiceOf(['', ...roles])),
  coupling: choiceField(modbusFields.coupling),
  behind: optionalId('the inverter'),
  parent: optionalId('the meter above'),
  phase: choiceField(modbusFields.phase),
  reversed: flagField(false),
  billing: flagField(false),
  single: flagField(false),
  /** Numbers for commands, by the names of the profile. */
  settings: z.record(z.string(), z.coerce.number()).catch({}),
  /** Requesters that may claim priorities from 90 on, separated by commas. */
  trusted: textField().transform((text) =>
    text
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== ''),
  ),
  cycles: flagField(false),
});

const learntRanges = z.array(
  z.object({ table: z.enum(['coil', 'discrete', 'holding', 'input']), from: z.int(), to: z.int() }),
);

const dumpRequest = z
  .object({
    client: nodeReference('the Modbus client'),
    unit: z.int().min(unitRange.min).max(unitRange.max),
    table: z.enum(['holding', 'input', 'coil', 'discrete']),
    from: z.int().min(addressRange.min).max(addressRange.max),
    to: z.int().min(addressRange.min).max(addressRange.max),
  })
  .refine(
    ({ from, to }) => from <= to && to - from < mostDumpedRegisters,
    `the range is 1 to ${mostDumpedRegisters} registers, first one first`,
  );

/** Every verb of a profile, for its form. */
const commandsOf = ({ actuators = [], config = {} }: Profile): string[] => [
  ...actuators.flatMap(({ setpoints = {}, limits = {} }) => [...Object.keys(setpoints), ...Object.keys(limits)]),
  ...Object.keys(config),
];

/** What the form asks for and tells, once a profile is chosen. */
const offerOf = (profile: Profile) => ({
  title: profile.title,
  class: profile.class,
  connection: profile.connection ?? {},
  params: profile.params ?? {},
  settings: profile.settings ?? {},
  commands: commandsOf(profile),
  commandNote: profile.commandNote,
  instances: profile.instances?.max ?? 1,
  hasBattery: profile.points.some(({ quantity = '' }) => quantity.startsWith('battery')),
});

const inspectRequest = z.object({ text: z.string().max(1_000_000) });

/** Between the first polls of two devices, ms: prime, so that any interval is filled evenly by many devices. */
const stepMs = 23;

/** A device on Modbus: its registers as readings of the model. */
export default function register(RED: NodeAPI): void {
  const ownProfiles = (): string => join(RED.settings.userDir ?? '.', 'ems', 'profiles');
  const live = serveLiveValues(RED, 'modbus');
  /** Devices start at different times within their interval, so that they do not all ask at once. */
  let started = 0;

  defineEndpoint(RED, 'get', '/ems/modbus/profiles', () =>
    listProfiles(ownProfiles()).map(({ id, profile, mistakes }) =>
      profile && mistakes.length === 0 ? { id, ...offerOf(profile) } : { id, mistakes },
    ),
  );

  defineEndpoint(RED, 'post', '/ems/modbus/inspect', (_, body) => {
    const { text } = inspectRequest.parse(body);
    const { profile, mistakes, hints } = inspectProfile(text);
    return { mistakes, hints, ...(profile && mistakes.length === 0 ? { profile: offerOf(profile) } : {}) };
  });

  defineEndpoint(RED, 'post', '/ems/modbus/dump', (_, body) => {
    const { client, ...range } = dumpRequest.parse(body);
    return dumpRegisters(useConfigNode<ModbusClientApi>(RED, client, 'ems-modbus-client').bus({}), range);
  });

  defineNode(RED, 'ems-modbus', {
    config,
    start(context) {
      const { config, node, clock } = context;
      const { device, profile: id, inline, params, instance, interval } = config;
      const client = useConfigNode<ModbusClientApi>(RED, config.client, 'ems-modbus-client');
      const site = useConfigNode<SiteApi>(RED, config.site, 'ems-site');
      const named = inline === '' ? { id, own: ownProfiles() } : { inline };
      const resolved = openProfile(named, { params, instance });
      if (!resolved.ok) throw new Error(resolved.reason);
      const { connection = {} } = resolved.value.profile;
      const memory = createStateFile(RED, `ems-modbus-${node.id}`);
      const learnt = learntRanges.safeParse(memory.load());
      const intervalMs = interval * 1000;

      const driver = createModbusDriver(
        {
          resolved: resolved.value,
          bus: client.bus(connection),
          unit: config.unit ?? connection.unitId ?? 1,
          intervalMs,
          name: device,
          phaseMs: (started++ * stepMs) % intervalMs,
          ...(learnt.success ? { learnt: learnt.data } : {}),
          settings: config.settings,
          onLearnt: (ranges: LearntRange[]) => void memory.save(ranges),
        },
        clock,
      );
      runBridge(context, {
        driver,
        live,
        isSingle: config.single,
        place: client.place,
        reportsCycles: config.cycles,
        trusted: config.trusted,
        placement: {
          device,
          name: config.name,
          site: site.id,
          gateway: gatewayName(),
          ...(config.role === '' ? {} : { role: config.role }),
          ...(config.coupling === '' ? {} : { coupling: config.coupling }),
          ...(config.behind === '' ? {} : { behind: config.behind }),
          ...(config.parent === '' ? {} : { parent: config.parent }),
          ...(config.phase === '' ? {} : { phase: config.phase }),
          ...(config.capacity === undefined ? {} : { usableEnergyWh: config.capacity * 1000 }),
          isReversed: config.reversed,
          isBilling: config.billing,
        },
        onClosed: (isRemoved) => (isRemoved ? memory.remove() : undefined),
      });
    },
  });
}
