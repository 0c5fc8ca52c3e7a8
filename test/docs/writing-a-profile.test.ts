import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { describeActuator } from '../../src/drivers/modbus/actuators/describe-actuator.ts';
import { inspectProfile } from '../../src/drivers/modbus/profiles/checker.ts';
import { createSettingScope } from '../../src/drivers/modbus/profiles/expression.ts';
import { type Profile, profileSchema } from '../../src/drivers/modbus/profiles/profile-schema.ts';
import { resolveProfile } from '../../src/drivers/modbus/profiles/resolve-profile.ts';
import { root } from '../support/house-rules.ts';
import { assertProfile } from '../support/modbus/assert-profile.ts';

const text = readFileSync(join(root, 'docs/writing-a-profile.md'), 'utf8');
const blocks = [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, block = '']) => block);

/** Every key that a profile may have, at any depth. */
const keysOf = (schema: unknown): string[] => {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {} } = schema as { properties?: Record<string, unknown> };
  return [
    ...Object.keys(properties),
    ...Object.values(schema).flatMap(keysOf),
    ...Object.values(properties).flatMap(keysOf),
  ];
};

describe('what is written about profiles', () => {
  it('has examples', () => assert.ok(blocks.length >= 3));

  for (const block of blocks) {
    const { id } = JSON.parse(block) as { id: string };
    it(`${id} is a profile without a mistake, and works like the shipped ones`, () => {
      const { mistakes, hints } = inspectProfile(block);
      assert.deepEqual([mistakes, hints], [[], []]);
      assertProfile(JSON.parse(block));
    });
  }

  it('the wallbox offers the commands of the example, as far as the device has told its largest current', () => {
    const profile = blocks.map((block): Profile => JSON.parse(block)).find(({ id }) => id === 'acme-charge-22');
    assert.ok(profile);
    const resolved = resolveProfile(profile, { instance: 2 });
    assert.ok(resolved.ok);
    const [actuator] = resolved.value.controls.actuators;
    assert.ok(actuator);
    const scope = createSettingScope(profile.settings ?? {}, {}, (name) => (name === 'hardware_max' ? 20 : undefined));
    const { key, verbs, fallback, watchdogS } = describeActuator(actuator, scope);
    assert.deepEqual(
      [key, Object.keys(verbs), verbs.set_current_limit?.params.current_a?.max, fallback?.means, watchdogS],
      ['ev_charger/2', ['set_current_limit', 'pause', 'resume'], 20, { current_a: 6 }, 60],
    );
  });

  it('every key of a profile is described', () => {
    const missing = [...new Set(keysOf(z.toJSONSchema(profileSchema, { io: 'input' })))].filter(
      (key) => !text.includes(`\`${key}\``) && !text.includes(`"${key}"`) && !text.includes(`\`${key}:`),
    );
    assert.deepEqual(missing, []);
  });
});
