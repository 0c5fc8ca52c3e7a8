/** Points of models as commands see them: plain numbers, written by Write Multiple Registers. */
import type { ProfilePoint } from '../../modbus/index.ts';
import { profilePointOf } from '../codec/profile-points.ts';
import type { PlacedPoint } from '../models/model-layout.ts';
import type { PlacedProfilePoint } from '../quantities/poll-groups.ts';
import { type ReadModel, readValue } from '../quantities/read-model.ts';

/** A point that a command names. */
interface FoundPoint {
  model: ReadModel;
  point: PlacedPoint;
}

/** @returns the last part of a name: "wmaxlimpct", "pfwinj.pf" */
const nameIn = ({ path }: PlacedPoint): string => path.toLowerCase().replaceAll('-', '_');

/** The points of one device by the names that commands have for them. */
export class ControlPoints {
  readonly #found = new Map<string, FoundPoint>();
  readonly #implemented: Set<string>;

  /** @param implemented names of points that have had a value; learns those that have one now */
  constructor(models: readonly ReadModel[], implemented: Set<string>) {
    this.#implemented = implemented;
    for (const model of models.filter(({ nth }) => nth === 1))
      for (const point of model.layout.points.values()) {
        const name = `c${model.id}.${nameIn(point)}`;
        this.#found.set(name, { model, point });
        if (readValue(model, point.path) !== null) implemented.add(name);
      }
  }

  /** Whether the device implements a point. A point does without a value at night. */
  has(name: string): boolean {
    return this.#found.has(name) && this.#implemented.has(name);
  }

  /** Whether the device implements a point that its model lets be written. */
  isWritable(name: string): boolean {
    return this.has(name) && this.#found.get(name)?.point.definition.isWritable === true;
  }

  /** @returns the value that the point had when it was read */
  value(name: string): number | undefined {
    const { model, point } = this.#found.get(name) ?? {};
    const value = model && point && readValue(model, point.path);
    return typeof value === 'number' ? value : undefined;
  }

  /** @returns the points of a profile with these names */
  placed(names: Iterable<string>): PlacedProfilePoint[] {
    return [...names].flatMap((name) => {
      const { model, point } = this.#found.get(name) ?? {};
      if (!model || !point) return [];
      const { access = 'r', ...rest } = profilePointOf(point, model.nameOf);
      const writing: Partial<ProfilePoint> = access === 'rw' ? { access, writeFc: 16 } : {};
      const profilePoint: ProfilePoint = { ...rest, ...writing, name, note: `model ${model.id}, ${point.path}` };
      return [{ model, point, profilePoint, group: 'slow' as const }];
    });
  }
}
