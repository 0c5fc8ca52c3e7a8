/**
 * Brings the config of a node to the version that this package writes. The runtime does so before a node reads its config,
 * the editor when a flow is loaded or imported.
 *
 * A further version is a file version-<n>.ts with one function per node type that changes, added to `steps`. The editor
 * imports only fields that the form still has in its defaults: a step that renames a field needs the former name there as
 * well, with the value undefined. A step that changes a default pins the former one: `{ keepalive: 30, ...config }`.
 */
import type { Config, Step } from './node-config.ts';
import { version1 } from './version-1.ts';

/** steps[n] takes a config of version n to version n + 1. */
const steps: readonly Step[] = [version1];

/** The version of the configs that this package writes. */
export const currentVersion = steps.length;

const versionOf = ({ configVersion }: Config): number => {
  const version = Number(configVersion ?? 0);
  return Number.isInteger(version) && version >= 0 ? version : 0;
};

/** Whether a later version of this package wrote a config: nobody here knows what its fields mean. */
export const isFromLaterVersion = (config: Config): boolean => versionOf(config) > currentVersion;

/**
 * @param defaults values of fields that the config does not hold, because it is older than they are or written by hand
 * @returns the config as this package writes it; one of a later version as it is
 */
export const migrate = (type: string, config: Config, defaults: Config = {}): Config => {
  if (isFromLaterVersion(config)) return config;
  const migrated = steps.slice(versionOf(config)).reduce((before, step) => step[type]?.(before) ?? before, config);
  const missing = Object.entries(defaults).filter(([name]) => migrated[name] === undefined);
  return { ...migrated, ...structuredClone(Object.fromEntries(missing)), configVersion: currentVersion };
};
