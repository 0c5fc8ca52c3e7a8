/** Sampled values of the meter in an EVSE, measurand by measurand, with the deviations of real stations. */
import { nominalV } from './electric-car.ts';
import type { SimulatedEvse } from './simulated-evse.ts';
import type { StationDeviations } from './station-deviations.ts';

/** SampledValue in the fields that both versions share. */
export interface MeterSample {
  measurand: MeterMeasurand;
  phase?: string;
  unit?: string;
  location: 'Outlet' | 'EV';
  value: number;
}

/** The measurands of the meter, in the order of a message. */
export const meterMeasurands = [
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
/** A measurand of the meter. */
type MeterMeasurand = (typeof meterMeasurands)[number];

const frequencyHz = 50;
const temperatureC = 31.5;

/** @returns a value in the form of OCMF, with a signature that nobody can verify */
export const signedText = (value: number): string =>
  `OCMF|{"FV":"1.0","GI":"emsflow","RD":[{"RV":${value},"RU":"Wh"}]}|{"SD":"00"}`;

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

const sampleOf = (measurand: MeterMeasurand, value: number, unit: string, phase?: string): MeterSample => ({
  measurand,
  value,
  unit,
  location: 'Outlet',
  ...(phase && { phase }),
});

/** @param sampleAt gives the sample of a phase, counted from 0 @returns samples of all connected phases */
const perPhase = (evse: SimulatedEvse, sampleAt: (index: number) => MeterSample): MeterSample[] =>
  Array.from({ length: evse.wiring.phases }, (_, index) => sampleAt(index));

const phaseName = (index: number, form: 'L1' | 'L1-N'): string => `L${index + 1}${form === 'L1-N' ? '-N' : ''}`;

/** The meters of one station. */
export class MeterSampling {
  readonly #deviations: StationDeviations;
  /** Number of register values that were sampled. */
  #registers = 0;
  readonly #samplers: Record<MeterMeasurand, (evse: SimulatedEvse) => MeterSample[]> = {
    'Energy.Active.Import.Register': (evse) => [sampleOf('Energy.Active.Import.Register', this.#register(evse), 'Wh')],
    'Power.Active.Import': (evse) => [sampleOf('Power.Active.Import', this.#power(evse), 'W')],
    'Current.Import': (evse) =>
      perPhase(evse, (i) => {
        const phase = phaseName(i, this.#deviations.currentPhases);
        return sampleOf('Current.Import', rounded(evse.currents()[i] ?? 0, 2), 'A', phase);
      }),
    Voltage: (evse) =>
      perPhase(evse, (i) => sampleOf('Voltage', nominalV, 'V', phaseName(i, this.#deviations.voltagePhases))),
    'Current.Offered': (evse) => [sampleOf('Current.Offered', rounded(evse.offeredA(), 1), 'A')],
    'Power.Offered': (evse) => [
      sampleOf('Power.Offered', Math.round(evse.offeredA() * nominalV * evse.livePhases()), 'W'),
    ],
    // UnitOfMeasure of 1.6 has no word for Hz: its errata allow Hertz, and most stations leave the unit out.
    Frequency: () => [{ measurand: 'Frequency', value: frequencyHz, location: 'Outlet' }],
    Temperature: () => [sampleOf('Temperature', temperatureC, 'Celsius')],
    SoC: ({ car }) => (car ? [{ ...sampleOf('SoC', rounded(car.soc(), 0), 'Percent'), location: 'EV' }] : []),
  };

  constructor(deviations: StationDeviations) {
    this.#deviations = deviations;
  }

  /** @returns samples of the wanted measurands; a name that the meter does not know gives none */
  sample(evse: SimulatedEvse, wanted: readonly string[]): MeterSample[] {
    return meterMeasurands
      .filter((measurand) => wanted.includes(measurand))
      .flatMap((measurand) => this.#samplers[measurand](evse))
      .map(({ unit, ...rest }) => (unit === undefined || this.#deviations.omitsUnits ? rest : { ...rest, unit }));
  }

  /** @returns energy in Wh, or in kWh where the station deviates so */
  #register(evse: SimulatedEvse): number {
    const { dropsRegisterEvery, hasSessionRegister, callsKwhWh } = this.#deviations;
    this.#registers += 1;
    if (dropsRegisterEvery && this.#registers % dropsRegisterEvery === 0) return 0;
    const startWh = evse.transaction?.meterStartWh ?? evse.registerWh();
    const wh = evse.registerWh() - (hasSessionRegister ? startWh : 0);
    return callsKwhWh ? rounded(wh / 1000, 3) : Math.round(wh);
  }

  /** @returns power in W, or in kW where the station deviates so */
  #power(evse: SimulatedEvse): number {
    return this.#deviations.callsKwW ? rounded(evse.powerW() / 1000, 3) : rounded(evse.powerW(), 1);
  }
}
