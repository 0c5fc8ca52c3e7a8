/** Changes of the simulated house while it runs, as a message asks for them; what is absent stays. */
import { z } from 'zod';

const fault = z.union([
  z.enum(['none', 'offline', 'dead', 'garbage', 'exception']).transform((kind) => ({ kind })),
  z.strictObject({ slow_ms: z.number().min(1).max(600_000) }).transform(({ slow_ms: ms }) => ({
    kind: 'slow' as const,
    ms,
  })),
]);

/** A car to be parked at a wallbox. */
const car = z.strictObject({
  phases: z.union([z.literal(1), z.literal(3)]).optional(),
  /** State of charge on arrival, %. */
  soc: z.number().min(0).max(100).optional(),
  capacity_wh: z.number().min(1000).max(1_000_000).optional(),
  /** State of charge at which the car stops by itself, %. */
  stops_at_soc: z.number().min(1).max(100).optional(),
});
export type CarChange = z.output<typeof car>;

/** A message with changes of the house. */
export const simulationChanges = z.strictObject({
  /** Simulated seconds per second. */
  speed: z.number().min(0.1).max(3600).optional(),
  /** Share of a clear sky, 0 to 1; null: clouds as they come. */
  sky: z.number().min(0).max(1).nullable().optional(),
  /** Load beside that of the household, W. */
  extra_load_w: z.number().min(0).max(100_000).optional(),
  /** Cars by the number of their wallbox; null: the car leaves. */
  cars: z.partialRecord(z.enum(['1', '2', '3']), car.nullable()).optional(),
  faults: z
    .strictObject({
      grid: fault.optional(),
      hybrid: fault.optional(),
      storage: fault.optional(),
      sunspec_hybrid: fault.optional(),
      sunspec_der: fault.optional(),
      sunspec_battery: fault.optional(),
      sunspec_meter: fault.optional(),
    })
    .optional(),
});
export type SimulationChanges = z.output<typeof simulationChanges>;
