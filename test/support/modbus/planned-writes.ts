/** The requests that a command of a shipped profile becomes, as text: "16 4484: 012c 0001". */
import assert from 'node:assert/strict';
import type { Order } from '../../../src/drivers/driver.ts';
import { planWrites } from '../../../src/drivers/modbus/actuators/write-plan.ts';
import { createOrderScope, createSettingScope } from '../../../src/drivers/modbus/profiles/expression.ts';
import { openProfile } from '../../../src/drivers/modbus/profiles/library.ts';
import type { ProfileChoice } from '../../../src/drivers/modbus/profiles/variants.ts';

export interface FieldCommand {
  profile: string;
  choice?: ProfileChoice;
  /** Key of the actuator; absent: the only one there is. */
  actuator?: string;
  /** "fallback", or what a command can ask for. */
  verb: string;
  params?: Order['params'];
  /** What the registers hold of which a point has only some bits. */
  held?: Record<number, number>;
}

/** Function code, address and words in hexadecimal of each request, with the settings as they come. */
export const plannedWrites = ({
  profile,
  choice,
  actuator: key,
  verb,
  params = {},
  held = {},
}: FieldCommand): string[] => {
  const opened = openProfile({ id: profile }, choice);
  assert.ok(opened.ok, opened.ok ? '' : opened.reason);
  const { controls, profile: source } = opened.value;
  const actuator = controls.actuators.find((each) => key === undefined || each.key === key);
  assert.ok(actuator, `${profile} has no actuator ${key}`);
  const action = verb === 'fallback' ? actuator.fallback : actuator.actions[verb];
  assert.ok(action, `${profile} has no ${verb}`);
  const settings = createSettingScope(source.settings ?? {}, {}, () => undefined);
  const order: Order = { actuator: actuator.key, params, limits: {}, startBy: 0, notAfter: 0 };
  const planned = planWrites(action.steps, {
    unit: 1,
    scope: createOrderScope({ actuator, action }, order, { settings, now: () => 0 }),
    held: (_, address) => held[address],
  });
  return planned.flatMap((step) => {
    if (!('request' in step)) return [];
    const { functionCode, address, values } = step.request;
    return [`${functionCode} ${address}: ${values.map((word) => word.toString(16).padStart(4, '0')).join(' ')}`];
  });
};
