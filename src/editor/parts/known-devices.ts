/** Devices that this runtime knows: suggestions for fields that name a device, a site, a quantity or a topic. */
import * as z from 'zod/mini';
import { get } from '../request.ts';
import { redrawIfChanged } from './result.ts';

/** A parameter of a command, as the meta of a device declares it. */
const paramRange = z.object({
  unit: z.optional(z.string()),
  min: z.optional(z.number()),
  max: z.optional(z.number()),
  step: z.optional(z.number()),
  /** 0 is allowed although it lies below min. */
  zero: z.optional(z.boolean()),
  choices: z.optional(z.array(z.string())),
  optional: z.optional(z.boolean()),
  default: z.optional(z.number()),
  limited_by: z.optional(z.string()),
});
/** Range of a parameter, in the unit of the model. */
export type ParamRange = z.infer<typeof paramRange>;

/** A command, as the meta of a device declares it; times in seconds. */
const commandMeta = z.object({
  kind: z.optional(z.string()),
  params: z.record(z.string(), paramRange),
  lease: z.optional(z.object({ min_s: z.optional(z.number()), max_s: z.optional(z.number()) })),
  fallback: z.optional(z.unknown()),
  verification: z.optional(z.string()),
  verify_s: z.optional(z.number()),
  latency_s: z.optional(z.number()),
  time_constant_s: z.optional(z.number()),
  watchdog_s: z.optional(z.number()),
  persistent: z.optional(z.boolean()),
});
/** A command that a component takes. */
export type CommandMeta = z.infer<typeof commandMeta>;

const component = z.object({
  type: z.string(),
  index: z.optional(z.number()),
  quantities: z.record(z.string(), z.unknown()),
  commands: z.optional(z.record(z.string(), commandMeta)),
});
/** A component of a device, with its quantities by name. */
export type Component = z.infer<typeof component>;

const directory = z.array(
  z.object({
    meta: z.object({
      device: z.string(),
      site: z.string(),
      name: z.optional(z.string()),
      vendor: z.optional(z.string()),
      model: z.optional(z.string()),
      components: z.array(component),
    }),
  }),
);
/** The meta of a device, as far as forms need it. */
export type DeviceMeta = z.infer<typeof directory>[number]['meta'];

/** @returns the devices of the directory; empty where they cannot be learnt */
export const knownDevices = async (): Promise<readonly DeviceMeta[]> => {
  const answer = await get('ems/directory', directory);
  return answer.ok ? answer.value.map(({ meta }) => meta) : [];
};

/** "battery", "ev_charger/1" */
export const componentPath = ({ type, index }: Pick<Component, 'type' | 'index'>): string =>
  index === undefined ? type : `${type}/${index}`;

/** Names to choose from, each once and in order. */
interface Suggestions {
  devices: string[];
  sites: string[];
  types: string[];
  quantities: string[];
  topics: string[];
}

/** @returns the names that occur in the metas of devices */
export const suggestionsOf = (known: readonly DeviceMeta[]): Suggestions => {
  const components = known.flatMap(({ device, components }) => components.map((each) => ({ device, ...each })));
  const topics = [
    ...known.flatMap(({ site }) => [`sites/${site}/power`, `sites/${site}/energy`]),
    ...components.flatMap(({ device, quantities, ...each }) =>
      Object.keys(quantities).map((quantity) => `devices/${device}/${componentPath(each)}/${quantity}`),
    ),
  ];
  const once = (names: string[]): string[] => [...new Set(names)].sort();
  return {
    devices: once(known.map(({ device }) => device)),
    sites: once(known.map(({ site }) => site)),
    types: once(components.map(({ type }) => type)),
    quantities: once(components.flatMap(({ quantities }) => Object.keys(quantities).map((q) => q.split('/')[0] ?? q))),
    topics: once(topics),
  };
};

/** @param entries [value, label] of a list that an input names as its "list" */
export const fillDatalist = (id: string, entries: readonly (readonly [value: string, label?: string])[]): void => {
  const list = $(`#${id}`).length > 0 ? $(`#${id}`) : $('<datalist>', { id }).appendTo('#dialog-form');
  redrawIfChanged(list, entries, () => {
    for (const [value, label] of entries)
      $('<option>')
        .attr({ value, ...(label === undefined ? {} : { label }) })
        .appendTo(list);
  });
};

/** Fills the lists ems-list-devices, -sites, -types, -quantities and -topics. */
export const addSuggestions = async (): Promise<void> => {
  const known = await knownDevices();
  if (known.length === 0) return;
  for (const [name, values] of Object.entries(suggestionsOf(known)))
    fillDatalist(
      `ems-list-${name}`,
      values.map((value: string) => [value] as const),
    );
};
