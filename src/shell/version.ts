/**
 * Name and version of this package, the latter from its package.json, which lies above the sources and above the build.
 */
import { readFileSync } from 'node:fs';

/** Name of this package at the registry. */
export const packageName = '@emsflow/node-red-ems';

const read = (): string => {
  for (const up of ['../../package.json', '../../../package.json'])
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(up, import.meta.url), 'utf8'));
      if (name === packageName) return String(version);
    } catch {
      // Not at this height.
    }
  return '0.0.0';
};

/** Version of this package. */
export const packageVersion = read();
