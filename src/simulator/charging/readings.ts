/** What the meter of an outlet says, measurand by measurand, with the mistakes that its maker left in. */
import { nominalV } from './car.ts';
import type { Outlet } from './outlet.ts';
import type { Quirks } from './quirks.ts';

export interface Reading {
  measurand: string;
  phase?: string;
  unit?: string;
  location: 'Outlet' | 'EV';
  value: number;
}

export const measurands = [
  'Energy.Active.Import.Register',
  'Power.Active.Import',
  'Current.Import',
  'Voltage',
  'Current.Offered',
  'Power.Offered',
  'Frequency',
  'Temperature',
  'SoC',
] as const;

/** In the form of OCMF, with a signature that is none. */
export const signedText = (value: number): string =>
  `OCMF|{"FV":"1.0","GI":"emsflow","RD":[{"RV":${value},"RU":"Wh"}]}|{"SD":"00"}`;

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

const reading = (measurand: string, value: number, unit: string, phase?: string): Reading => ({
  measurand,
  value,
  unit,
  location: 'Outlet',
  ...(phase && { phase }),
});

/** Of each phase behind the contactor. */
const perPhase = (outlet: Outlet, of: (index: number) => Reading): Reading[] =>
  Array.from({ length: outlet.wiring.phases }, (_, index) => of(index));

const phaseName = (index: number, form: 'L1' | 'L1-N'): string => `L${index + 1}${form === 'L1-N' ? '-N' : ''}`;

export type Meter = (outlet: Outlet, wanted: readonly string[]) => Reading[];

export const createMeter = (quirks: Quirks): Meter => {
  let told = 0;

  const register = (outlet: Outlet): number => {
    told += 1;
    if (quirks.dropsRegisterEvery && told % quirks.dropsRegisterEvery === 0) return 0;
    const begun = outlet.transaction?.meterStartWh ?? outlet.registerWh();
    const wh = outlet.registerWh() - (quirks.hasSessionRegister ? begun : 0);
    return quirks.callsKwhWh ? rounded(wh / 1000, 3) : Math.round(wh);
  };

  const read: Record<(typeof measurands)[number], (outlet: Outlet) => Reading[]> = {
    'Energy.Active.Import.Register': (outlet) => [reading('Energy.Active.Import.Register', register(outlet), 'Wh')],
    'Power.Active.Import': (outlet) => {
      const watts = quirks.callsKwW ? rounded(outlet.powerW() / 1000, 3) : rounded(outlet.powerW(), 1);
      return [reading('Power.Active.Import', watts, 'W')];
    },
    'Current.Import': (outlet) =>
      perPhase(outlet, (i) =>
        reading('Current.Import', rounded(outlet.currents()[i] ?? 0, 2), 'A', phaseName(i, quirks.currentPhases)),
      ),
    Voltage: (outlet) => perPhase(outlet, (i) => reading('Voltage', nominalV, 'V', phaseName(i, quirks.voltagePhases))),
    'Current.Offered': (outlet) => [reading('Current.Offered', rounded(outlet.offeredA(), 1), 'A')],
    'Power.Offered': (outlet) => [
      reading('Power.Offered', Math.round(outlet.offeredA() * nominalV * outlet.livePhases()), 'W'),
    ],
    // 1.6 has no word for Hz: its errata allow Hertz, most say nothing.
    Frequency: () => [{ measurand: 'Frequency', value: 50, location: 'Outlet' }],
    Temperature: () => [reading('Temperature', 31.5, 'Celsius')],
    SoC: ({ car }) => (car ? [{ ...reading('SoC', rounded(car.soc(), 0), 'Percent'), location: 'EV' }] : []),
  };

  return (outlet, wanted) =>
    measurands
      .filter((measurand) => wanted.includes(measurand))
      .flatMap((measurand) => read[measurand](outlet))
      .map(({ unit, ...rest }) => (unit === undefined || quirks.omitsUnits ? rest : { ...rest, unit }));
};
