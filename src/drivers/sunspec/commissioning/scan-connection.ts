/**
 * The scan of one connection for an integrator who knows nothing but its address: SunSpec devices with what they explain,
 * then the profiles that fit the other units. It reads only, and one request follows the other.
 */
import type { Clock } from '../../../model/time.ts';
import { type Bus, identifyProfile, type ResolvedProfile } from '../../modbus/index.ts';
import { lookAtDevice } from '../device/device-profile.ts';
import { type Brand, candidateUnits } from '../discovery/candidate-units.ts';
import type { SunSpecDevice } from '../discovery/discovered-device.ts';
import type { DiscoveryNote } from '../discovery/discovery-notes.ts';
import { scanForDevices } from '../discovery/scan.ts';
import type { UnitFinding } from '../discovery/scan-result.ts';
import { findModelDefinition } from '../models/model-definitions.ts';
import { type KnownModel, knownModelOf } from '../models/model-lengths.ts';
import { createMemory } from '../quantities/select-candidates.ts';
import type { FoundDevice } from './found-device.ts';

/** The step that a scan is at. */
export interface ConnectionProgress {
  /** units: who answers. models: a SunSpec device is read. profiles: they are tried on a unit. */
  step: 'units' | 'models' | 'profiles';
  unit: number;
  done: number;
  total: number;
}

/** The wishes of an integrator for the scan of one connection. */
export interface ConnectionScanOptions {
  clock: Clock;
  signal: AbortSignal;
  /** Unit that was entered: it is asked first. */
  unit?: number;
  brand?: Brand;
  /** Whether all units from 1 to 247 are asked, after the likely ones. */
  isEveryUnit?: boolean;
  /** Profiles that are tried on units without SunSpec. */
  profiles: readonly ResolvedProfile[];
  /** Whether the profiles are tried on the units of SunSpec devices too: many have registers of their own besides. */
  triesAll?: boolean;
  onProgress?(progress: ConnectionProgress): void;
  onFound?(found: FoundDevice): void;
}

/** The outcome of a scan. Its devices were told one by one. */
export interface ConnectionScan {
  notes: DiscoveryNote[];
}

const findModel = (id: number): KnownModel | undefined => {
  const definition = findModelDefinition(id);
  return definition && knownModelOf(definition);
};

/** Unit identifiers of the profiles that are tried, each once; 0 is everybody on a serial line. */
const unitsOf = (profiles: readonly ResolvedProfile[]): number[] => [
  ...new Set(profiles.flatMap(({ profile }) => profile.connection?.unitId ?? []).filter((unit) => unit > 0)),
];

class ConnectionSearch {
  readonly #bus: Bus;
  readonly #options: ConnectionScanOptions;
  readonly #found: FoundDevice[] = [];
  /** Units that answer, and that nothing is known of. */
  readonly #unknown: number[] = [];

  constructor(bus: Bus, options: ConnectionScanOptions) {
    this.#bus = bus;
    this.#options = options;
  }

  async run(): Promise<ConnectionScan> {
    const { signal, unit: asked } = this.#options;
    const { notes } = await this.#scanUnits();
    signal.throwIfAborted();
    // Units beside a device of which nothing is known are usual: many devices answer under any unit.
    const [unit, ...otherUnits] = this.#unknown.filter((each) => this.#found.length === 0 || each === asked);
    if (unit !== undefined) this.#tell({ kind: 'unknown', unit, otherUnits });
    return { notes: this.#notesFor(notes) };
  }

  async #onUnit({ kind, unit }: UnitFinding, device: SunSpecDevice | undefined): Promise<void> {
    const { triesAll = false, unit: asked } = this.#options;
    if (device) await this.#look(device);
    if (kind === 'no_marker' || (kind === 'silent' && unit === asked) || (triesAll && device))
      await this.#identify(unit);
  }

  #scanUnits() {
    const { clock, signal, unit, brand, isEveryUnit, profiles, triesAll = false, onProgress } = this.#options;
    const wanted = { unit, brand, isEveryUnit };
    const units = triesAll ? [...new Set([...candidateUnits(wanted), ...unitsOf(profiles)])] : undefined;
    return scanForDevices(this.#bus, {
      findModel,
      clock,
      signal,
      ...(unit === undefined ? {} : { unit }),
      ...(brand === undefined ? {} : { brand }),
      ...(isEveryUnit === undefined ? {} : { isEveryUnit }),
      ...(units === undefined ? {} : { units }),
      onUnit: (finding, device) => this.#onUnit(finding, device),
      onProgress: ({ asked: done, total, unit: last }) => onProgress?.({ step: 'units', unit: last, done, total }),
    });
  }

  async #look(device: SunSpecDevice): Promise<void> {
    const { clock, signal, brand, onProgress } = this.#options;
    const { unit } = device;
    onProgress?.({ step: 'models', unit, done: 0, total: device.models.length });
    const wish = { unit, ...(brand === undefined ? {} : { brand }) };
    const look = await lookAtDevice(wish, { bus: this.#bus, clock, signal, memory: createMemory() });
    const outcome = look.ok ? { resolved: look.value.resolved } : { reason: look.reason };
    this.#tell({ kind: 'sunspec', unit, device, ...outcome });
  }

  async #identify(unit: number): Promise<void> {
    const { profiles, clock, signal, onProgress } = this.#options;
    if (profiles.length === 0 || (await this.#isKnown(unit))) return;
    const identified = await identifyProfile(this.#bus, {
      unit,
      profiles,
      clock,
      signal,
      onTried: (done) => onProgress?.({ step: 'profiles', unit, done, total: profiles.length }),
    });
    switch (identified.kind) {
      case 'fits':
        return this.#tell({ kind: 'profile', unit, fit: identified.fit, otherUnits: [] });
      case 'ambiguous':
        return this.#tell({ kind: 'ambiguous', unit, fits: identified.fits, otherUnits: [] });
      case 'unknown':
        this.#unknown.push(unit);
        return undefined;
      default:
    }
  }

  /** Devices that answer under any unit would be found again and again: one that tells the same serial number is known. */
  async #isKnown(unit: number): Promise<boolean> {
    const { clock, signal } = this.#options;
    for (const found of this.#found) {
      const [fit] = found.kind === 'ambiguous' ? found.fits : found.kind === 'profile' ? [found.fit] : [];
      if (fit?.identity.serial === undefined || !('otherUnits' in found)) continue;
      const again = await identifyProfile(this.#bus, { clock, signal, unit, profiles: [fit.resolved] });
      if (again.kind !== 'fits' || again.fit.identity.serial !== fit.identity.serial) continue;
      found.otherUnits.push(unit);
      return true;
    }
    return false;
  }

  #tell(found: FoundDevice): void {
    this.#found.push(found);
    this.#options.onFound?.(found);
  }

  /** A missing marker is of no interest for a unit that a profile fits. */
  #notesFor(notes: readonly DiscoveryNote[]): DiscoveryNote[] {
    const identified = new Set(this.#found.flatMap(({ kind, unit }) => (kind === 'unknown' ? [] : [unit])));
    const isOfInterest = ({ code, params = {} }: DiscoveryNote): boolean =>
      !code.startsWith('no_marker') || (identified.size === 0 && params.unit !== undefined);
    return notes.filter(isOfInterest);
  }
}

/**
 * Scans a connection.
 * @throws the reason of the signal, if that is aborted; what was found until then has been told
 */
export const scanConnection = (bus: Bus, options: ConnectionScanOptions): Promise<ConnectionScan> =>
  new ConnectionSearch(bus, options).run();
