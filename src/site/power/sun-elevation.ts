/** Elevation of the sun to about one degree, which is enough to tell day from night. */

/** Geographic coordinates. */
export interface Coordinates {
  /** Degrees, + north. */
  latitude: number;
  /** Degrees, + east. */
  longitude: number;
}

/** One degree in radians. */
const degree = Math.PI / 180;
const dayMs = 86_400_000;
/** Epoch J2000.0, from which the formulas count days: 2000-01-01 12:00 UTC, ms since 1970. */
const epochMs = Date.UTC(2000, 0, 1, 12);

/**
 * Low precision formulas of the Astronomical Almanac.
 * @param now wall clock, ms since 1970
 * @returns degrees above the horizon
 */
export const sunElevation = ({ latitude, longitude }: Coordinates, now: number): number => {
  const days = (now - epochMs) / dayMs;
  const anomaly = (357.528 + 0.9856003 * days) * degree;
  const ecliptic = (280.46 + 0.9856474 * days + 1.915 * Math.sin(anomaly) + 0.02 * Math.sin(2 * anomaly)) * degree;
  const obliquity = 23.439 * degree;
  const declination = Math.asin(Math.sin(obliquity) * Math.sin(ecliptic));
  const ascension = Math.atan2(Math.cos(obliquity) * Math.sin(ecliptic), Math.cos(ecliptic));
  const sidereal = (280.46 + 360.9856474 * days + longitude) * degree;
  const hourAngle = sidereal - ascension;
  const sine =
    Math.sin(latitude * degree) * Math.sin(declination) +
    Math.cos(latitude * degree) * Math.cos(declination) * Math.cos(hourAngle);
  return Math.asin(sine) / degree;
};
