/** Units, bases and ports at which the devices of a brand are found, so that a scan finds them soon. */
import { markerBases } from './marker.ts';

/** Places at which the devices of a brand are found. */
interface BrandPlaces {
  units: readonly number[];
  /** Bases in the order in which they are tried, if it is another one than usual. */
  bases?: readonly number[];
  /** TCP ports, if it is not 502 alone. */
  ports?: readonly number[];
}

/** SMA devices offer SunSpec on the unit that lies so far above their Modbus unit. */
export const smaUnitOffset = 123;

/** Places by brand, which reports of their users name. */
export const brandPlaces = {
  // Modbus unit 3 and following (ha-sunspec#135, pysunspec2#100).
  sma: { units: [126, 127, 128] },
  // Its meters have units of their own (config#96, evcc#16924).
  fronius: { units: [1, 240, 201, 200] },
  solaredge: { units: [1], ports: [502, 1502] },
  // evcc#31487.
  kostal: { units: [71], ports: [1502] },
  // alexdelprete#165.
  abb: { units: [2, 247], bases: [0, 40_000, 50_000] },
  fimer: { units: [2, 247], bases: [0, 40_000, 50_000] },
} as const satisfies Record<string, BrandPlaces>;
export type Brand = keyof typeof brandPlaces;

/** Units of devices whose brand is not known: the likely ones first. */
const likelyUnits: readonly number[] = [1, 126, 71, 2, 240, 201, 200, 247, 127, 128, 3];
/** Addresses of single devices: MODBUS over Serial Line V1.02 §2.2. */
const deviceUnits: readonly number[] = Array.from({ length: 247 }, (_, n) => n + 1);

interface Wanted {
  /** Unit that the integrator entered. */
  unit?: number | undefined;
  brand?: Brand | undefined;
  /** Whether all units are asked after the likely ones. */
  isEveryUnit?: boolean | undefined;
}

/** @returns the units that a scan asks, in this order, each once */
export const candidateUnits = ({ unit, brand, isEveryUnit = false }: Wanted): number[] => {
  const entered = unit === undefined ? [] : [unit];
  const ofSma = entered.map((each) => each + smaUnitOffset).filter((each) => each <= deviceUnits.length);
  const ofBrand = brand === undefined ? [] : brandPlaces[brand].units;
  return [...new Set([...entered, ...ofSma, ...ofBrand, ...likelyUnits, ...(isEveryUnit ? deviceUnits : [])])];
};

/** @returns the unit at which a device is looked for first */
export const usualUnit = (brand: Brand | undefined): number => candidateUnits({ brand })[0] ?? 1;

/** @returns the bases that a scan tries, in this order */
export const candidateBases = (brand: Brand | undefined): readonly number[] => {
  const places: BrandPlaces | undefined = brand === undefined ? undefined : brandPlaces[brand];
  return places?.bases ?? markerBases;
};
