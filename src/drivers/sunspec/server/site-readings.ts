/** The readings of a site that its SunSpec face tells: at its connection to the grid, and of its solar inverters together. */

/**
 * Quantities of one side of a site by their names and parts, "power" or "voltage/l1_l2", in W, Wh, V, A, Hz, VA and var;
 * the power factor lies between -1 and 1. A quantity that is not known is missing.
 */
export type SideReadings = ReadonlyMap<string, number>;

/** What is known of a site. */
export interface SiteReadings {
  /** Power and reactive power are positive while the site imports. */
  grid: SideReadings;
  /** Power is positive while the inverters produce; the energy that they have produced is "energy_out". */
  solar: SideReadings;
}

/** A side of a site: each is one unit of the server. */
export type Side = keyof SiteReadings;
export const sides = ['grid', 'solar'] as const satisfies readonly Side[];
