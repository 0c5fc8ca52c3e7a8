/** Measurands of OCPP and the quantities they are (model.md §3.4); how their phases are read is in phase-values.ts. */
import { type Conversion, conversion, type Unit } from '../../../model/units.ts';
import { createEnumeration } from './lenient-fields.ts';

/**
 * How the values of one measurand become values of its quantity:
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
  /** A flow back from the car, which counts against the flow into it. */
  isReversed: boolean;
  /** A register of energy: its values grow, in the unit in which they did so before. */
  isRegister: boolean;
  /** A value without a unit is no guess: an energy in Wh (OCPP 1.6 §7.43, 2.x UnitOfMeasureType), or a quantity that
   * has no other unit. */
  isUnitOptional: boolean;
  /** Conversions to the unit, by the spelling of the other. */
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

type Row = [name: string, quantity: string, unit: Unit, rule: Rule];

const measurandOf = ([name, quantity, unit, rule]: Row): Measurand => {
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

const rows: Row[] = [
  ['Energy.Active.Import.Register', 'energy_imported', 'Wh', 'sum'],
  ['Energy.Active.Export.Register', 'energy_exported', 'Wh', 'sum'],
  ['Energy.Active.Import.Interval', 'energy_imported_interval', 'Wh', 'sum'],
  ['Energy.Active.Export.Interval', 'energy_exported_interval', 'Wh', 'sum'],
  ['Energy.Reactive.Import.Register', 'energy_reactive_import', 'varh', 'sum'],
  ['Energy.Reactive.Export.Register', 'energy_reactive_export', 'varh', 'sum'],
  ['Energy.Reactive.Import.Interval', 'energy_reactive_import_interval', 'varh', 'sum'],
  ['Energy.Reactive.Export.Interval', 'energy_reactive_export_interval', 'varh', 'sum'],
  ['Power.Active.Import', 'power', 'W', 'parts'],
  ['Power.Active.Export', 'power', 'W', 'parts'],
  ['Power.Offered', 'power_offered', 'W', 'sum'],
  ['Power.Import.Offered', 'power_offered', 'W', 'sum'],
  ['Power.Reactive.Import', 'reactive_power', 'var', 'parts'],
  ['Power.Reactive.Export', 'reactive_power', 'var', 'parts'],
  ['Power.Factor', 'power_factor', '1', 'mean'],
  ['Current.Import', 'current', 'A', 'phases'],
  ['Current.Export', 'current', 'A', 'phases'],
  ['Current.Offered', 'current_offered', 'A', 'highest'],
  ['Current.Import.Offered', 'current_offered', 'A', 'highest'],
  ['Voltage', 'voltage', 'V', 'voltage'],
  ['Frequency', 'frequency', 'Hz', 'first'],
  ['Temperature', 'temperature', 'degC', 'first'],
  ['SoC', 'soc', '%', 'first'],
  ['Display.PresentSOC', 'soc', '%', 'first'],
];
const known: Measurand[] = rows.map(measurandOf);

/** Measurands that the model has no quantity for: OCPP 1.6 §7.31, 2.0.1 and 2.1 MeasurandEnumType. */
const unused = `RPM Energy.Active.Net Energy.Reactive.Net Energy.Apparent.Net Energy.Apparent.Import
  Energy.Apparent.Export Energy.Active.Import.CableLoss Energy.Active.Import.LocalGeneration.Register
  Energy.Active.Setpoint.Interval EnergyRequest.Target EnergyRequest.Minimum EnergyRequest.Maximum
  EnergyRequest.Minimum.V2X EnergyRequest.Maximum.V2X EnergyRequest.Bulk Power.Active.Setpoint Power.Active.Residual
  Power.Export.Minimum Power.Export.Offered Power.Import.Minimum Current.Export.Offered Current.Export.Minimum
  Current.Import.Minimum Voltage.Minimum Voltage.Maximum Display.MinimumSOC Display.TargetSOC Display.MaximumSOC
  Display.RemainingTimeToMinimumSOC Display.RemainingTimeToTargetSOC Display.RemainingTimeToMaximumSOC
  Display.ChargingComplete Display.BatteryEnergyCapacity Display.InletHot`.split(/\s+/);

/** OCPP 1.6 §7.43, OCPP 2.x SampledValueType: the measurand of a value that names none. */
export const defaultMeasurand = known[0] as Measurand;

/** unused: a measurand that the model has no quantity for. */
export const measurands = createEnumeration<Measurand | 'unused'>('measurand', {
  ...Object.fromEntries(unused.map((name) => [name, 'unused' as const])),
  ...Object.fromEntries(known.map((measurand) => [measurand.name, measurand])),
});
