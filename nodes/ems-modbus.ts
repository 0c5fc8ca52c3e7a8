import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import {
  addressRange,
  createModbusDriver,
  dumpRegisters,
  findProfile,
  inspectProfile,
  type LearntRange,
  listProfiles,
  modbusFields,
  mostDumpedRegisters,
  namesModels,
  openProfile,
  parseLearntRanges,
  summarizeProfile,
  unitRange,
} from '../src/drivers/modbus/index.ts';
import { createSunSpecDriver } from '../src/drivers/sunspec/index.ts';
import { bridgeFields, bridgeOptionsOf, nextPhaseMs, ownFolder } from '../src/shell/bridge-config.ts';
import { runBridge } from '../src/shell/bridge-node.ts';
import { nodeReference, numberField, optionalNumberField, textField } from '../src/shell/config.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { defineEndpoint, serveLiveValues } from '../src/shell/endpoints.ts';
import { createStateFile } from '../src/shell/state-file.ts';
import type { ModbusClientApi } from './ems-modbus-client.ts';
import type { SiteApi } from './ems-site.ts';

const config = z.object({
  ...bridgeFields,
  profile: textField(),
  /** A profile typed into the form, as JSON; then profile is empty. */
  inline: textField(),
  params: z.record(z.string(), z.string()).catch({}),
  instance: numberField(modbusFields.instance),
  unit: optionalNumberField(modbusFields.unit),
  interval: numberField(modbusFields.interval),
  /** Settings of the profile, by name and in the unit of the setting. */
  settings: z.record(z.string(), z.coerce.number()).catch({}),
});

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

const inspectRequest = z.object({ text: z.string().max(1_000_000) });

/** A device on Modbus, whose registers become readings of the model. */
export default function register(RED: NodeAPI): void {
  const ownProfiles = (): string => ownFolder(RED, 'profiles');
  const live = serveLiveValues(RED, 'modbus');

  defineEndpoint(RED, 'get', '/ems/modbus/profiles', () =>
    listProfiles(ownProfiles()).map(({ id, profile, mistakes }) =>
      profile && mistakes.length === 0 ? { id, ...summarizeProfile(profile) } : { id, mistakes },
    ),
  );

  defineEndpoint(RED, 'post', '/ems/modbus/inspect', (_, body) => {
    const { text } = inspectRequest.parse(body);
    const { profile, mistakes, hints } = inspectProfile(text);
    return { mistakes, hints, ...(profile && mistakes.length === 0 ? { profile: summarizeProfile(profile) } : {}) };
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
      const choice = { params, instance };
      const resolved = openProfile(named, choice);
      if (!resolved.ok) throw new Error(resolved.reason);
      const { connection = {} } = resolved.value.profile;
      const memory = createStateFile(RED, `ems-modbus-${node.id}`);
      const intervalMs = interval * 1000;
      const polled = {
        bus: client.bus(connection),
        unit: config.unit ?? connection.unitId ?? 1,
        intervalMs,
        name: device,
        phaseMs: nextPhaseMs(intervalMs),
        settings: config.settings,
      };

      const profile = findProfile(named);
      // Points of SunSpec models have registers once the device has told where its models are.
      const driver =
        profile.ok && namesModels(profile.value)
          ? createSunSpecDriver(
              {
                ...polled,
                named: { profile: profile.value, choice },
                saved: memory.load(),
                onSave: (state) => void memory.save(state),
                onMissing: (points) => points.forEach((point) => void node.warn(point)),
              },
              clock,
            )
          : createModbusDriver(
              {
                ...polled,
                resolved: resolved.value,
                learnt: parseLearntRanges(memory.load()),
                onLearnt: (ranges: LearntRange[]) => void memory.save(ranges),
              },
              clock,
            );
      runBridge(context, {
        ...bridgeOptionsOf(config, site.id),
        driver,
        live,
        place: client.place,
        onClosed: (isRemoved) => (isRemoved ? memory.remove() : memory.settle()),
      });
    },
  });
}
