/** The variables of a station, whatever the version calls them and however it writes them. */

import type { Variable, Version } from '../messages.ts';
import type { StationFacts } from './station-facts.ts';

export interface VariableNames {
  connectors: string | undefined;
  features: string | undefined;
  units: string;
  maxStackLevel: string;
  switchesPhases: string;
  dynamic: string | undefined;
  measurands: string;
  mostMeasurands: string | undefined;
  interval: string;
  /** Measured where a transaction begins and ends; 1.6 tells the register there by itself. */
  endMeasurands: string[];
  beginsWith: string | undefined;
  endsWith: string | undefined;
}

/** OCPP 1.6 §9; 2.0.1 part 2, appendices. */
const names16: VariableNames = {
  connectors: 'NumberOfConnectors',
  features: 'SupportedFeatureProfiles',
  units: 'ChargingScheduleAllowedChargingRateUnit',
  maxStackLevel: 'ChargeProfileMaxStackLevel',
  switchesPhases: 'ConnectorSwitch3to1PhaseSupported',
  dynamic: undefined,
  measurands: 'MeterValuesSampledData',
  mostMeasurands: 'MeterValuesSampledDataMaxLength',
  interval: 'MeterValueSampleInterval',
  endMeasurands: [],
  beginsWith: undefined,
  endsWith: undefined,
};
const names2: VariableNames = {
  connectors: undefined,
  features: undefined,
  units: 'SmartChargingCtrlr.RateUnit',
  maxStackLevel: 'SmartChargingCtrlr.ProfileStackLevel',
  switchesPhases: 'SmartChargingCtrlr.Phases3to1',
  dynamic: undefined,
  measurands: 'SampledDataCtrlr.TxUpdatedMeasurands',
  mostMeasurands: undefined,
  interval: 'SampledDataCtrlr.TxUpdatedInterval',
  endMeasurands: ['SampledDataCtrlr.TxStartedMeasurands', 'SampledDataCtrlr.TxEndedMeasurands'],
  beginsWith: 'TxCtrlr.TxStartPoint',
  endsWith: 'TxCtrlr.TxStopPoint',
};

/** OCPP 2.1 part 2, appendices. */
const names21: VariableNames = { ...names2, dynamic: 'SmartChargingCtrlr.SupportsDynamicProfiles' };

const names: Record<Version, VariableNames> = { '1.6': names16, '2.0.1': names2, '2.1': names21 };

/** Names of the variables that are read and set, in a version of OCPP. */
export const namesOf = (version: Version): VariableNames => names[version];

/** Names of the variables that are read when a station is made ready, beside those of its local list. */
export const variableNames = (version: Version): string[] => {
  const values: (string | undefined | string[])[] = Object.values(namesOf(version));
  return values.flat().filter((name) => name !== undefined);
};

/** The measurand of the energy register, Wh. */
export const registerMeasurand = 'Energy.Active.Import.Register';

/** Measurands that a station is asked to sample, the most important first. */
export const wantedMeasurands = [
  registerMeasurand,
  'Power.Active.Import',
  'Current.Import',
  'Voltage',
  'Current.Offered',
  'SoC',
];

/** Names of a list, as far as there are any. */
export const listOf = (text: string): string[] =>
  text
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean);

/** The same measurands, in whatever order and case. */
export const isSameList = (a: string, b: string): boolean => {
  const sorted = (text: string): string => listOf(text.toLowerCase()).sort().join();
  return sorted(a) === sorted(b);
};

/** Units of limits. @param said "Current,Power", "A", "Current, Power", "W" */
const unitsOf = (said = ''): StationFacts['units'] => {
  const units: NonNullable<StationFacts['units']> = [];
  if (/current|\ba\b/i.test(said)) units.push('A');
  if (/power|\bw\b/i.test(said)) units.push('W');
  return units.length > 0 ? units : undefined;
};

/** Sets a variable. @returns whether the station accepted it */
export type Setter = (name: string, value: string) => Promise<boolean>;

/** The variables that a station told, by their names in any case. */
export class DeviceVariables {
  readonly version: Version;
  private readonly byName: Map<string, Variable>;

  constructor(variables: Variable[], version: Version) {
    this.version = version;
    this.byName = new Map(variables.map((variable) => [variable.name.toLowerCase(), variable]));
  }

  /** The station told none. */
  get isEmpty(): boolean {
    return this.byName.size === 0;
  }

  find(name: string | undefined): Variable | undefined {
    return this.byName.get(name?.toLowerCase() ?? '');
  }

  /** Whether there is such a variable that can be changed; where nothing was told, it is tried. */
  isOpen(name: string): boolean {
    const variable = this.find(name);
    return variable ? variable.isReadOnly !== true : this.isEmpty;
  }

  text(name: string | undefined): string | undefined {
    return this.find(name)?.value?.trim() || undefined;
  }

  number(name: string | undefined): number | undefined {
    const value = Number(this.text(name) ?? Number.NaN);
    return Number.isFinite(value) ? value : undefined;
  }

  flag(name: string | undefined): boolean | undefined {
    const value = this.text(name)?.toLowerCase();
    return value === 'true' || value === 'false' ? value === 'true' : undefined;
  }

  /** Facts about the station as a whole, as its variables tell them. */
  facts(): Partial<StationFacts> {
    const names = namesOf(this.version);
    const maxStackLevel = this.number(names.maxStackLevel);
    const switchesPhases = this.flag(names.switchesPhases);
    const supportsDynamic = this.flag(names.dynamic);
    const features = this.text(names.features);
    const beginsWith = this.text(names.beginsWith);
    const endsWith = this.text(names.endsWith);
    const units = unitsOf(this.text(names.units));
    return {
      ...(maxStackLevel === undefined ? {} : { maxStackLevel }),
      ...(switchesPhases === undefined ? {} : { switchesPhases }),
      ...(supportsDynamic === undefined ? {} : { supportsDynamic }),
      ...(features === undefined ? {} : { features: listOf(features.toLowerCase()) }),
      ...(beginsWith === undefined ? {} : { beginsWith }),
      ...(endsWith === undefined ? {} : { endsWith }),
      ...(units === undefined ? {} : { units }),
    };
  }
}

/** OCPP 2.0.1 part 2, appendix 3.1: of each EVSE. */
export const evseNames = ['EVSE.SupplyPhases', 'EVSE.ACPhaseSwitchingSupported'];

/** @param known what the station said of itself as a whole goes before what it says of one EVSE */
export const evseFacts = (evse: number, variables: Variable[], known: StationFacts): Partial<StationFacts> => {
  const [supply = '', switching = ''] = evseNames.map((name) => variables.find((each) => each.name === name)?.value);
  const phases = Number(supply.trim() || Number.NaN);
  return {
    // 0: direct current.
    ...([1, 2, 3].includes(phases) && { supplyPhases: { ...known.supplyPhases, [String(evse)]: phases } }),
    ...(known.switchesPhases === undefined && /^true$/i.test(switching.trim()) && { switchesPhases: true }),
  };
};
