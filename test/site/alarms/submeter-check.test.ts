import assert from 'node:assert/strict';
import type { ComponentMeta } from '../../../src/model/meta.ts';
import { branchesOf } from '../../../src/site/alarms/submeter-check.ts';
import { charger, hybrid, metaOf, power } from '../../support/site/site-messages.ts';

const meterOf = (role: NonNullable<ComponentMeta['role']>, index?: number): ComponentMeta => ({
  type: 'meter',
  role,
  quantities: { ...power },
  ...(index !== undefined && { index }),
});

describe('the meters behind a meter', () => {
  const behind = (...components: ComponentMeta[]): (string[] | undefined)[] =>
    branchesOf([
      metaOf('sub', meterOf('submeter')),
      metaOf('child', ...components.map((component) => ({ ...component, parent: 'sub' }))),
    ]).map(({ children }) => children.map(({ power: topic }) => topic));

  it('are the main meter of a device, and not what the device measures behind that', () => {
    for (const role of ['load', 'submeter'] as const)
      assert.deepEqual(behind(charger, meterOf(role, 1)), [['devices/child/ev_charger/power']], role);
  });

  it('are all loads of a device that has no main meter', () => {
    const all = ['devices/child/meter/1/power', 'devices/child/meter/2/power'];
    assert.deepEqual(behind(meterOf('load', 1), meterOf('submeter', 2)), [all]);
  });

  it('are the AC terminal of a hybrid inverter, and none of its DC sides', () => {
    assert.deepEqual(behind(...hybrid), [['devices/child/inverter/power']]);
  });
});
