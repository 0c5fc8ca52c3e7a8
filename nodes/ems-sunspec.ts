import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import {
  createSunSpecDriver,
  discoveryNoteIn,
  findModelDefinition,
  mistakeText,
  readOwnModels,
  readOwnPoints,
  readVendorModels,
  type SunSpecDriverOptions,
  sunspecFields,
  usualUnit,
} from '../src/drivers/sunspec/index.ts';
import type { Phrase } from '../src/model/phrase.ts';
import { bridgeFields, bridgeOptionsOf, nextPhaseMs, ownFolder } from '../src/shell/bridge-config.ts';
import { runBridge } from '../src/shell/bridge-node.ts';
import { inCatalogOf, sayIn } from '../src/shell/catalog-phrases.ts';
import { choiceField, numberField, optionalNumberField } from '../src/shell/config.ts';
import { sayConnectionReason } from '../src/shell/connection-reason.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { defineEndpoint, serveLiveValues } from '../src/shell/endpoints.ts';
import { createStateFile } from '../src/shell/state-file.ts';
import type { ModbusClientApi } from './ems-modbus-client.ts';
import type { SiteApi } from './ems-site.ts';

const type = 'ems-sunspec';

const ownPoint = z.object({
  point: z
    .string()
    .catch('')
    .transform((text) => text.trim()),
  quantity: z
    .string()
    .catch('')
    .transform((text) => text.trim()),
});

/** Models are longer than other fields: those of the SunSpec Alliance have up to 30,000 characters each. */
const modelsText = z.string().max(1_000_000).prefault('');

const inspectRequest = z.object({ models: modelsText });

const config = z.object({
  ...bridgeFields,
  unit: optionalNumberField(sunspecFields.unit),
  brand: choiceField(sunspecFields.brand),
  interval: numberField(sunspecFields.interval),
  side: choiceField(sunspecFields.side),
  meterSign: choiceField(sunspecFields.meterSign),
  batterySign: choiceField(sunspecFields.batterySign),
  batteryModules: choiceField(sunspecFields.batteryModules),
  /** Further points by their name in a model, each for a quantity. */
  points: z.array(ownPoint).catch([]),
  /** Models of vendors as JSON: one, or a list. */
  models: modelsText,
});

/** @returns what the integrator knows of the device, for its driver; throws in words where that cannot be */
const wishOf = (
  { unit, brand, side, points, models, ...signs }: z.output<typeof config>,
  folder: string,
): Omit<SunSpecDriverOptions, 'bus' | 'intervalMs' | 'name'> & { faults: string[] } => {
  const own = readOwnModels(folder, models);
  if (!own.ok) throw new Error(own.reason);
  const extraPoints = readOwnPoints(points, (id) => findModelDefinition(id, own.value.models));
  if (!extraPoints.ok) throw new Error(extraPoints.reason);
  const known = brand === '' ? undefined : brand;
  return {
    unit: unit ?? usualUnit(known),
    ...(known === undefined ? {} : { brand: known }),
    ...(side === '' ? {} : { side }),
    choices: {
      meter_sign: signs.meterSign,
      battery_sign: signs.batterySign,
      battery_modules: signs.batteryModules,
    },
    vendorModels: own.value.models,
    extraPoints: extraPoints.value,
    faults: own.value.faults,
  };
};

/** @returns a reason of the driver in words of the catalogs, as far as they have some */
const sayReason = (reason: string): string | Phrase => {
  const { code, params = {} } = discoveryNoteIn(reason) ?? {};
  return code === undefined ? sayConnectionReason(reason) : inCatalogOf(type, { key: `note.${code}`, params });
};

/** A device that explains itself over SunSpec: its models become readings of the model. */
export default function register(RED: NodeAPI): void {
  const live = serveLiveValues(RED, 'sunspec');

  defineEndpoint(RED, 'post', '/ems/sunspec/inspect', (_, body) => {
    const read = readVendorModels(inspectRequest.parse(body).models);
    return { mistakes: read.ok ? [] : read.mistakes.map(mistakeText) };
  });

  defineNode(RED, type, {
    config,
    start(context) {
      const { config, node, clock } = context;
      const client = useConfigNode<ModbusClientApi>(RED, config.client, 'ems-modbus-client');
      const site = useConfigNode<SiteApi>(RED, config.site, 'ems-site');
      const { faults, ...wish } = wishOf(config, ownFolder(RED, 'models'));
      for (const fault of faults) node.warn(fault);
      const memory = createStateFile(RED, `${type}-${node.id}`);
      const intervalMs = config.interval * 1000;
      const driver = createSunSpecDriver(
        {
          ...wish,
          bus: client.bus({}),
          intervalMs,
          name: config.device,
          phaseMs: nextPhaseMs(intervalMs),
          saved: memory.load(),
          onSave: (state) => void memory.save(state),
          onMissing: (points) => points.forEach((point) => void node.warn(point)),
          say: ({ code, params = {} }) => sayIn(RED, type, { key: `note.${code}`, params }),
        },
        clock,
      );
      runBridge(context, {
        ...bridgeOptionsOf(config, site.id),
        driver,
        live,
        place: client.place,
        sayReason,
        onClosed: (isRemoved) => (isRemoved ? memory.remove() : memory.settle()),
      });
    },
  });
}
