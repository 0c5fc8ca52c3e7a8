/** The numbers that commands need, as they were read with the models: no command has to wait for a poll of them. */
import type { Profile } from '../../modbus/index.ts';
import type { ReadModel } from '../quantities/read-model.ts';
import { ControlPoints } from './control-points.ts';

/** @returns the values of the points that settings are told by, by their names */
export const settingValues = (
  { settings = {} }: Pick<Profile, 'settings'>,
  models: readonly ReadModel[],
): ReadonlyMap<string, number> => {
  const points = new ControlPoints(models, new Set());
  return new Map(
    Object.values(settings).flatMap(({ point }): [string, number][] => {
      const value = point === undefined ? undefined : points.value(point);
      return point === undefined || value === undefined ? [] : [[point, value]];
    }),
  );
};
