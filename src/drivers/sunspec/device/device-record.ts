/**
 * The knowledge of a device that survives a restart. An inverter that sleeps while Node-RED starts is known all the same:
 * by its readings and its serial number, and by the sources that were chosen among its models.
 */
import { z } from 'zod';
import { roles } from '../../../model/meta.ts';
import type { DeviceDescription } from '../../driver.ts';
import type { CompositionMemory } from '../quantities/select-candidates.ts';
import type { DeviceWish } from './device-profile.ts';

const channelSchema = z.object({
  type: z.string(),
  index: z.int().exactOptional(),
  quantity: z.string(),
  part: z.string().exactOptional(),
  unit: z.string().exactOptional(),
  kind: z.enum(['gauge', 'counter', 'state', 'text']),
  intervalS: z.number(),
  maxAgeS: z.number(),
  report: z.enum(['periodic', 'on_change']).exactOptional(),
  resolution: z.number().exactOptional(),
  modulus: z.number().exactOptional(),
  signed: z.boolean(),
  isHashed: z.boolean().exactOptional(),
  isDerived: z.boolean().exactOptional(),
  isSignVerified: z.boolean().exactOptional(),
});

const componentSchema = z.object({
  role: z.enum(roles).exactOptional(),
  coupling: z.enum(['ac', 'dc']).exactOptional(),
  phases: z.number().exactOptional(),
  phaseRotation: z.string().exactOptional(),
});

const descriptionSchema = z.object({
  protocol: z.string(),
  source: z.string(),
  vendor: z.string().exactOptional(),
  model: z.string().exactOptional(),
  serial: z.string().exactOptional(),
  firmware: z.string().exactOptional(),
  ratedPowerW: z.number().exactOptional(),
  usableEnergyWh: z.number().exactOptional(),
  facts: z.record(z.string(), z.json()).exactOptional(),
  channels: z.array(channelSchema),
  components: z.record(z.string(), componentSchema),
});

const recordSchema = z.object({
  /** The wish of the integrator: another one makes another device of it. */
  wish: z.string(),
  description: descriptionSchema,
  implemented: z.array(z.string()),
  chosen: z.array(z.tuple([z.string(), z.string()])),
  side: z.enum(['solar', 'hybrid', 'battery']).exactOptional(),
  /** Wall clock, ms. */
  asleepSince: z.number().exactOptional(),
});

/** The device that a record is about, and where the record is kept. */
export interface RecordedDevice extends DeviceWish {
  /** The state that an earlier run of the device saved. */
  saved?: unknown;
  /** The state has changed, as JSON. */
  onSave?(state: object): void;
}

/** @returns a text that is the same for two wishes after which the same would be polled */
const keyOf = ({ unit, brand, vendorModels, choices, side, extraPoints, named }: DeviceWish): string =>
  JSON.stringify([unit, brand, [...(vendorModels?.keys() ?? [])], choices, side, extraPoints, named]);

/** The record of one device. Nothing is known if what was saved is about another device, or cannot be read. */
export class DeviceRecord {
  readonly #wish: string;
  readonly #onSave: RecordedDevice['onSave'];
  /** The last description; undefined for a device that has never shown itself. */
  readonly description: DeviceDescription | undefined;
  readonly memory: CompositionMemory;
  /** Wall clock, ms, since when the device was asleep at the end of the earlier run. */
  readonly asleepSince: number | undefined;
  /** The state as it was saved last. */
  #text = '';

  constructor(device: RecordedDevice) {
    this.#wish = keyOf(device);
    this.#onSave = device.onSave;
    const { data } = recordSchema.safeParse(device.saved);
    const known = data?.wish === this.#wish ? data : undefined;
    const { implemented, chosen, side } = known ?? {};
    this.description = known?.description;
    this.asleepSince = known?.asleepSince;
    this.memory = {
      implemented: new Set(implemented),
      chosen: new Map(chosen),
      ...(side === undefined ? {} : { side }),
    };
  }

  /** Saves the state if it has changed. @param description of the device that is polled; absent: as it was known before */
  save(description = this.description, asleepSince?: number): void {
    if (!description) return;
    const { implemented, chosen, side } = this.memory;
    const state = {
      wish: this.#wish,
      description,
      implemented: [...implemented].sort(),
      chosen: [...chosen].sort(),
      ...(side === undefined ? {} : { side }),
      ...(asleepSince === undefined ? {} : { asleepSince }),
    };
    const text = JSON.stringify(state);
    if (text === this.#text) return;
    this.#text = text;
    this.#onSave?.(state);
  }
}
