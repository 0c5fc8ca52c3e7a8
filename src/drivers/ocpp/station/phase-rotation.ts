/**
 * The phases of a station on those of the grid: installers shift them from box to box, so that single-phase cars do
 * not all load the first one. What a station says of it (OCPP 1.6 §9.1.8 ConnectorPhaseRotation) is often not set.
 */
import { phaseRotations } from '../codec/limits.ts';

export type PhaseRotation = (typeof phaseRotations)[number];

const placesOf = (rotation: PhaseRotation): Map<string, string> =>
  new Map(['l1', 'l2', 'l3'].map((place, i) => [place, rotation.slice(2 * i, 2 * i + 2).toLowerCase()]));
const placesByRotation = new Map(phaseRotations.map((rotation) => [rotation, placesOf(rotation)]));

/** @returns the part of a quantity, "l1" ..., as the grid names it; what is no phase stays as it is */
export const toGridPart = (rotation: PhaseRotation, part: string | undefined): string | undefined =>
  part === undefined || rotation === 'L1L2L3' ? part : (placesByRotation.get(rotation)?.get(part) ?? part);
