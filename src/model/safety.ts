/** Content that JSON allows and no message may have: keys that reach a prototype, and endless nesting. */
import { defaultLimits } from './check-context.ts';

const unsafeKeys = new Set(['__proto__', 'constructor', 'prototype']);

/** @returns whether a value is an object, and neither null nor an array */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !Buffer.isBuffer(value);

const unsafety = (value: unknown, depth: number): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth === 0) return 'nested too deeply';
  for (const key of Object.keys(value)) {
    if (unsafeKeys.has(key)) return `the key "${key}" is not allowed`;
    const below = (value as Record<string, unknown>)[key];
    if (typeof below === 'object' && below !== null) {
      const found = unsafety(below, depth - 1);
      if (found) return found;
    }
  }
  return undefined;
};

/**
 * @param maxDepth levels of objects and arrays, this one included
 * @returns what makes an object unsafe to handle at all, in words
 */
export const unsafetyOf = (value: object, maxDepth = defaultLimits.maxDepth): string | undefined =>
  unsafety(value, maxDepth);
