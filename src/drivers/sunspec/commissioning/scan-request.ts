/** The request of a form for a scan: what it wants to know, and the places at which it is looked. */
import { z } from 'zod';
import { type Listener, readScanTarget, type ScanRefusal, unitRange } from '../../modbus/index.ts';
import { type Brand, brandPlaces } from '../discovery/candidate-units.ts';
import type { ScanWishes } from './commissioning-scan.ts';

const brands = Object.keys(brandPlaces) as Brand[];

const request = z.object({
  /** The kind of node whose form asks: profiles are tried on every unit for a Modbus device. */
  aim: z.enum(['sunspec', 'modbus']),
  /** An address or a range; empty: the connection as the form has it. */
  address: z.string().trim().max(300).catch(''),
  unit: z.int().min(unitRange.min).max(unitRange.max).optional().catch(undefined),
  brand: z.enum(brands).optional().catch(undefined),
  isEveryUnit: z.boolean().catch(false),
});

/** A request as it is carried out. */
export interface WantedScan {
  wishes: Omit<ScanWishes, 'profiles'>;
  /** The same for two requests for the same. */
  key: string;
  /** Absent: the connection as the form has it. */
  network?: { places: Listener[]; isRange: boolean };
}

/** Ports at which devices listen, if neither the integrator nor the brand names one. */
const usualPorts: readonly number[] = [502, 1502];

const portsOf = (brand: Brand | undefined): readonly number[] => {
  const places = brand && brandPlaces[brand];
  return places && 'ports' in places ? places.ports : usualPorts;
};

/**
 * Reads a request.
 * @param formPort port of the connection in the form, which is tried first
 * @returns what is wanted, or why it is refused
 * @throws ZodError if it is no request
 */
export const readScanRequest = (body: unknown, formPort: number | undefined): WantedScan | { refused: ScanRefusal } => {
  const { aim, address, unit, brand, isEveryUnit } = request.parse(body);
  const wishes = {
    ...(unit === undefined ? {} : { unit }),
    ...(brand === undefined ? {} : { brand }),
    isEveryUnit,
    triesAll: aim === 'modbus',
  };
  const key = JSON.stringify([address, formPort, wishes]);
  if (address === '') return { wishes, key };
  const target = readScanTarget(address);
  if (!target.ok) return { refused: target.refusal };
  const { hosts, port, isRange } = target.value;
  const ports =
    port === undefined ? new Set([...(formPort === undefined ? [] : [formPort]), ...portsOf(brand)]) : [port];
  const places = hosts.flatMap((host) => [...ports].map((each) => ({ host, port: each })));
  return { wishes, key, network: { places, isRange } };
};
