/** A device as its actuators see it. */
import type { Clock } from '../../../model/time.ts';
import type { DriverEvent } from '../../driver.ts';
import type { PointReader } from '../polling/point-reader.ts';
import type { Scope } from '../profiles/expression.ts';
import type { Point } from '../profiles/point.ts';
import type { ForeignMemory } from './foreign-words.ts';
import type { RegisterWriter } from './register-writer.ts';
import type { Verifier } from './verification.ts';

/** The parts of a device that its actuators share. */
export interface ActuatorDevice {
  unit: number;
  clock: Clock;
  /** The scope of the settings. */
  settings: Scope;
  /** Reads points where the profile says they are; other registers are refused. */
  readPoints: PointReader;
  /** Whether registers may move, so that a look at their place comes before a write. */
  isGuarded: boolean;
  writer: RegisterWriter;
  verifier: Verifier;
  /** @throws CommandFailure if the profile has no such point */
  pointOf(name: string): Point;
  /** @param actuator key of the actuator whose registers others set as well @param registers the first of these */
  memoryOf(actuator: string, registers: string): ForeignMemory;
  event(event: DriverEvent): void;
}
