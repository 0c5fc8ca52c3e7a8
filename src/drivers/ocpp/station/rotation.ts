/**
 * The phases of a station on those of the grid: installers shift them from box to box, so that single-phase cars do
 * not all load the first one. What a station says of it (OCPP 1.6 §9.1.8 ConnectorPhaseRotation) is often not set.
 */

/** The phase of the grid at L1, L2 and L3 of the station. */
export const phaseRotations = ['L1L2L3', 'L2L3L1', 'L3L1L2', 'L1L3L2', 'L3L2L1', 'L2L1L3'] as const;
export type PhaseRotation = (typeof phaseRotations)[number];

const placesOf = (rotation: PhaseRotation): Map<string, string> =>
  new Map(['l1', 'l2', 'l3'].map((place, i) => [place, rotation.slice(2 * i, 2 * i + 2).toLowerCase()]));
const placesByRotation = new Map(phaseRotations.map((rotation) => [rotation, placesOf(rotation)]));

/** @returns the part of a quantity, "l1" ..., as the grid names it; what is no phase stays as it is */
export const toGridPart = (rotation: PhaseRotation, part: string | undefined): string | undefined =>
  part === undefined || rotation === 'L1L2L3' ? part : (placesByRotation.get(rotation)?.get(part) ?? part);
