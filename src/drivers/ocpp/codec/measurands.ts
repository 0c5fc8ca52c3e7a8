/** Measurands of OCPP and the quantities they are (model.md §3.4); how their phases are read is in phase-values.ts. */
import { type Conversion, conversion, type Unit } from '../../../model/units.ts';
import { wordsOf } from './lenient.ts';

/**
 * What the values of one measurand become:
 * sum: one total, that of the phases where it is not told; parts: the phases beside it;
 * phases: each on its own, a total being another quantity; voltage: against the neutral;
 * mean, highest, first: one of what the phases say.
 */
export type Rule = 'sum' | 'parts' | 'phases' | 'voltage' | 'mean' | 'highest' | 'first';

export interface Measurand {
  /** Its name in OCPP. */
  name: string;
  quantity: string;
  unit: Unit;
  rule: Rule;
  /** What flows back from the car: counts against what flows into it. */
  isReversed: boolean;
  /** Of energy: what it says grows, in the unit in which it did so before. */
  isRegister: boolean;
  /** Without a unit it is said what is meant: an energy in Wh (OCPP 1.6 §7.43, 2.x UnitOfMeasureType), or what has no
   * other unit. */
  isUnitOptional: boolean;
  /** By the spelling of the unit. */
  units: ReadonlyMap<string, Conversion>;
}

/** Units as OCPP and as stations spell them -> as the model knows them. */
const spellings: Record<string, string> = {
  Celcius: 'degC',
  Celsius: 'degC',
  C: 'degC',
  Fahrenheit: 'degF',
  Kelvin: 'K',
  Percent: '%',
  Hertz: 'Hz',
  Watt: 'W',
  Watts: 'W',
  Volt: 'V',
  Volts: 'V',
  Ampere: 'A',
  Amp: 'A',
  Amps: 'A',
};

const unitNames = [
  ...['W', 'kW', 'MW', 'mW', 'Wh', 'kWh', 'MWh', 'mWh', 'var', 'kvar', 'varh', 'kvarh', 'V', 'mV', 'kV', 'A', 'mA'],
  ...['Hz', 'mHz', '%', 'degC', '°C', 'degF', '°F', 'K', '1', ...Object.keys(spellings)],
];

/** Spellings in small letters; mW and MW are only told apart by their case. */
export const smallUnits: ReadonlyMap<string, string> = new Map(
  unitNames.filter((name) => !/^m[W](h)?$/i.test(name)).map((name) => [name.toLowerCase(), name]),
);

const unitsOf = (target: Unit): ReadonlyMap<string, Conversion> =>
  new Map(
    unitNames.flatMap((name) => {
      const found = conversion(spellings[name] ?? name, target);
      return found ? [[name, found]] : [];
    }),
  );

const conversions = new Map<Unit, ReadonlyMap<string, Conversion>>();

const row = (name: string, quantity: string, unit: Unit, rule: Rule): Measurand => {
  const units = conversions.get(unit) ?? unitsOf(unit);
  conversions.set(unit, units);
  return {
    name,
    quantity,
    unit,
    rule,
    // Energies of both directions are counted apart.
    isReversed: /^(Power|Current)\..*Export$/.test(name),
    isRegister: /^Energy\.Active\.(Im|Ex)port\.Register$/.test(name),
    isUnitOptional: ['Wh', 'varh', 'Hz', '%', '1'].includes(unit),
    units,
  };
};

const known: Measurand[] = [
  row('Energy.Active.Import.Register', 'energy_imported', 'Wh', 'sum'),
  row('Energy.Active.Export.Register', 'energy_exported', 'Wh', 'sum'),
  row('Energy.Active.Import.Interval', 'energy_imported_interval', 'Wh', 'sum'),
  row('Energy.Active.Export.Interval', 'energy_exported_interval', 'Wh', 'sum'),
  row('Energy.Reactive.Import.Register', 'energy_reactive_import', 'varh', 'sum'),
  row('Energy.Reactive.Export.Register', 'energy_reactive_export', 'varh', 'sum'),
  row('Energy.Reactive.Import.Interval', 'energy_reactive_import_interval', 'varh', 'sum'),
  row('Energy.Reactive.Export.Interval', 'energy_reactive_export_interval', 'varh', 'sum'),
  row('Power.Active.Import', 'power', 'W', 'parts'),
  row('Power.Active.Export', 'power', 'W', 'parts'),
  row('Power.Offered', 'power_offered', 'W', 'sum'),
  row('Power.Import.Offered', 'power_offered', 'W', 'sum'),
  row('Power.Reactive.Import', 'reactive_power', 'var', 'parts'),
  row('Power.Reactive.Export', 'reactive_power', 'var', 'parts'),
  row('Power.Factor', 'power_factor', '1', 'mean'),
  row('Current.Import', 'current', 'A', 'phases'),
  row('Current.Export', 'current', 'A', 'phases'),
  row('Current.Offered', 'current_offered', 'A', 'highest'),
  row('Current.Import.Offered', 'current_offered', 'A', 'highest'),
  row('Voltage', 'voltage', 'V', 'voltage'),
  row('Frequency', 'frequency', 'Hz', 'first'),
  row('Temperature', 'temperature', 'degC', 'first'),
  row('SoC', 'soc', '%', 'first'),
  row('Display.PresentSOC', 'soc', '%', 'first'),
];

/** OCPP 1.6 §7.31, 2.0.1 and 2.1 MeasurandEnumType: what the model has no quantity for. */
const unused = `RPM Energy.Active.Net Energy.Reactive.Net Energy.Apparent.Net Energy.Apparent.Import
  Energy.Apparent.Export Energy.Active.Import.CableLoss Energy.Active.Import.LocalGeneration.Register
  Energy.Active.Setpoint.Interval EnergyRequest.Target EnergyRequest.Minimum EnergyRequest.Maximum
  EnergyRequest.Minimum.V2X EnergyRequest.Maximum.V2X EnergyRequest.Bulk Power.Active.Setpoint Power.Active.Residual
  Power.Export.Minimum Power.Export.Offered Power.Import.Minimum Current.Export.Offered Current.Export.Minimum
  Current.Import.Minimum Voltage.Minimum Voltage.Maximum Display.MinimumSOC Display.TargetSOC Display.MaximumSOC
  Display.RemainingTimeToMinimumSOC Display.RemainingTimeToTargetSOC Display.RemainingTimeToMaximumSOC
  Display.ChargingComplete Display.BatteryEnergyCapacity Display.InletHot`.split(/\s+/);

export const defaultMeasurand = known[0] as Measurand;

/** "unused": known, but no quantity. */
export const measurands = wordsOf<Measurand | 'unused'>({
  ...Object.fromEntries(unused.map((name) => [name, 'unused' as const])),
  ...Object.fromEntries(known.map((measurand) => [measurand.name, measurand])),
});
