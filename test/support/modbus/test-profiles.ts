/** Profiles of tests, resolved for a driver. */
import assert from 'node:assert/strict';
import { type ResolvedProfile, readProfile, resolveProfile } from '../../../src/drivers/modbus/index.ts';

/** @throws AssertionError with the mistakes of the profile */
export const resolvedOf = (profile: unknown): ResolvedProfile => {
  const read = readProfile(profile);
  assert.ok(read.ok, read.ok ? '' : read.reason);
  const outcome = resolveProfile(read.value);
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.reason);
  return outcome.value;
};

/** A profile of nothing but these points, and what else is given. */
export const resolvedPoints = (points: readonly object[], more: object = {}): ResolvedProfile =>
  resolvedOf({ schema: 'profile/1', id: 'test-device', title: 'Test device', class: 'meter', points, ...more });
