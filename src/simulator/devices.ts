/** The devices of the house as their profiles describe them: the state of the house written into registers. */
import { decodeBlock } from '../drivers/modbus/decode.ts';
import { encodePoint } from '../drivers/modbus/encode.ts';
import { compileBlock } from '../drivers/modbus/op-table.ts';
import type { Point } from '../drivers/modbus/point.ts';
import type { ResolvedProfile } from '../drivers/modbus/resolve.ts';
import type { Clock } from '../model/time.ts';
import type { BatteryOrder, HouseControls, HouseState } from './house.ts';
import { createImage, type UnitImages } from './modbus-server.ts';

export interface SimulatedDevice {
  profile: string;
  unit: number;
  images: UnitImages;
  /** Writes what the device would measure now. */
  update(state: HouseState): void;
  /** Does what was written into its registers. */
  react(controls: HouseControls): void;
  /** What it was told, in the words of the model. */
  mode(): BatteryMode;
}

export type BatteryMode = 'auto' | 'charge' | 'discharge' | 'hold';

type Values = Record<string, number | string>;

/** How a device understands what is written into its registers. */
interface Control {
  battery: 'hybrid' | 'storage';
  /** What is in its registers when it is switched on. */
  initial: Values;
  read(told: (point: string) => number): { mode: BatteryMode; order: BatteryOrder };
  written(): void;
  /** Its own watchdog has run out: back to the start. */
  isForgotten(): boolean;
}

const modeOf = (forcedW: number | undefined): BatteryMode => {
  if (forcedW === undefined) return 'auto';
  if (forcedW === 0) return 'hold';
  return forcedW > 0 ? 'discharge' : 'charge';
};

const unlimited = Number.POSITIVE_INFINITY;

/** Readable holes: up to this many registers between two known ones. */
const openGaps = (points: Point[], images: UnitImages, maxGap: number): void => {
  for (const table of ['holding', 'input'] as const) {
    const words = points
      .filter((point) => point.table === table && point.isReadable)
      .flatMap((point) => point.words)
      .sort((a, b) => a - b);
    words.forEach((word, i) => {
      const before = words[i - 1];
      if (before !== undefined && word - before - 1 <= maxGap) images[table]?.allow(before, word);
    });
  }
};

const simulate = (
  { profile, points }: ResolvedProfile,
  unit: number,
  measure: (state: HouseState) => Values,
  control?: Control,
): SimulatedDevice => {
  const images: UnitImages = { holding: createImage(), input: createImage() };
  const byName = new Map(points.map((point) => [point.name, point]));
  let mode: BatteryMode = 'auto';
  if (control) images.written = control.written;

  const write = (point: Point, value: number | string): void => {
    for (const { address, word } of encodePoint(point, value)) images[point.table]?.set(address, word);
  };

  /** The number in a register that others write. */
  const told = (name: string): number => {
    const point = byName.get(name);
    if (!point) return Number.NaN;
    const first = Math.min(...point.words);
    const view = new DataView(new ArrayBuffer(point.words.length * 2));
    for (const address of point.words) view.setUint16((address - first) * 2, images[point.table]?.peek(address) ?? 0);
    const out = new Float64Array([Number.NaN]);
    decodeBlock(compileBlock([{ point, index: 0 }], first), view, out);
    return out[0] ?? Number.NaN;
  };

  const tell = (values: Values): void => {
    for (const [name, value] of Object.entries(values)) {
      const point = byName.get(name);
      for (const { address, word } of point ? encodePoint(point, value) : [])
        images[point?.table ?? 'holding']?.write(address, word);
    }
  };

  for (const point of points) {
    if (point.isReadable) write(point, point.type === 'string' ? '' : 0);
    if (/w/.test(point.source.access ?? ''))
      for (const address of point.words) images[point.table]?.allowWrite(address);
  }
  if (control) tell(control.initial);
  openGaps(points, images, profile.limits?.maxGap ?? 0);
  return {
    profile: profile.id,
    unit,
    images,
    update(state) {
      for (const [name, value] of Object.entries(measure(state))) {
        const point = byName.get(name);
        if (point) write(point, value);
      }
    },
    react(controls) {
      if (!control) return;
      if (control.isForgotten()) tell(control.initial);
      const { mode: next, order } = control.read(told);
      mode = next;
      controls[control.battery] = order;
    },
    mode: () => mode,
  };
};

const perPhase = (name: string, values: readonly number[]): Values =>
  Object.fromEntries(values.map((value, i) => [`${name}.l${i + 1}`, value]));

/** Eastron SDM630 at the grid connection. */
export const createGridMeter = (profile: ResolvedProfile): SimulatedDevice =>
  simulate(profile, profile.profile.connection?.unitId ?? 1, (state) => {
    const { gridPhasesW, gridVoltagesV } = state;
    return {
      ...perPhase('voltage', gridVoltagesV),
      ...perPhase(
        'current',
        gridPhasesW.map((w, i) => Math.abs(w) / (gridVoltagesV[i] ?? 230)),
      ),
      ...perPhase('power', gridPhasesW),
      ...perPhase(
        'apparent',
        gridPhasesW.map((w) => Math.abs(w) * 1.01),
      ),
      ...perPhase(
        'pf',
        gridPhasesW.map(() => 0.99),
      ),
      'power.total': state.gridW,
      'apparent.total': Math.abs(state.gridW) * 1.01,
      'pf.total': 0.99,
      frequency: state.frequencyHz,
      'energy.import': state.importWh,
      'energy.export': state.exportWh,
      'energy.total': state.importWh + state.exportWh,
      ...perPhase('energy.import', state.importPhasesWh),
      ...perPhase('energy.export', state.exportPhasesWh),
    };
  });

/** It does what it was told for ever: this inverter has no watchdog of its own. */
const hybridControl: Control = {
  battery: 'hybrid',
  initial: { 'ctl.ems_mode': 0, 'ctl.forced_cmd': 204, 'ctl.forced_power': 0, 'ctl.max_discharge_power': 10_000 },
  written: () => {},
  isForgotten: () => false,
  read(told) {
    const isForced = told('ctl.ems_mode') === 2;
    const power = told('ctl.forced_power');
    const byCommand: Record<number, number> = { 170: -power, 187: power };
    const forcedW = isForced ? (byCommand[told('ctl.forced_cmd')] ?? 0) : undefined;
    return {
      mode: modeOf(forcedW),
      order: { forcedW, maxChargeW: unlimited, maxDischargeW: told('ctl.max_discharge_power') },
    };
  },
};

/** Sungrow SH-RT hybrid with two strings and a battery. */
export const createHybrid = (profile: ResolvedProfile): SimulatedDevice => {
  const measure = (state: HouseState): Values => {
    const { hybrid, stringsW, hybridAcW, gridW, gridVoltagesV } = state;
    return {
      serial: 'A2290012345',
      rated_power: 10_000,
      'inverter.temperature': state.inverterTemperatureC,
      'pv.mppt1.voltage': stringsW[0] > 20 ? 612 : 0,
      'pv.mppt1.current': stringsW[0] > 20 ? stringsW[0] / 612 : 0,
      'pv.mppt2.voltage': stringsW[1] > 20 ? 540 : 0,
      'pv.mppt2.current': stringsW[1] > 20 ? stringsW[1] / 540 : 0,
      'pv.power': state.solarW,
      'pv.energy_day': state.producedTodayWh,
      'pv.energy_total': state.producedWh,
      ...perPhase('ac.voltage', gridVoltagesV),
      ...perPhase(
        'ac.current',
        gridVoltagesV.map((v) => hybridAcW / 3 / v),
      ),
      'ac.power': hybridAcW,
      'ac.pf': 1,
      'grid.frequency_5241': state.frequencyHz,
      'battery.power_raw': hybrid.powerW,
      'battery.power_abs': Math.abs(hybrid.powerW),
      'battery.voltage': 205 + hybrid.soc * 0.3,
      'battery.current': hybrid.powerW / (205 + hybrid.soc * 0.3),
      'battery.soc': hybrid.soc,
      'battery.soh': 98,
      'battery.temperature': 24.5,
      'battery.capacity': hybrid.capacityWh,
      'battery.energy_charged': hybrid.chargedWh,
      'battery.energy_discharged': hybrid.dischargedWh,
      'meter.power.total': gridW,
      ...perPhase('meter.power', state.gridPhasesW),
      ...perPhase('meter.voltage', gridVoltagesV),
      ...perPhase(
        'meter.current',
        state.gridPhasesW.map((w, i) => Math.abs(w) / (gridVoltagesV[i] ?? 230)),
      ),
      'grid.export_power': gridW,
      'grid.energy_import': state.importWh,
      'grid.energy_export': state.exportWh,
      'load.power': state.loadW,
      running_state: (state.solarW > 50 ? 1 : 0) + (hybrid.powerW < -30 ? 2 : 0) + (hybrid.powerW > 30 ? 4 : 0),
    };
  };
  return simulate(profile, profile.profile.connection?.unitId ?? 1, measure, hybridControl);
};

const storageRatedW = 3700;

/** @param watchdogS without a write for so long it goes its own way again */
const createStorageControl = (clock: Clock, watchdogS: number): Control => {
  let writtenAt = clock.monotonic();
  return {
    battery: 'storage',
    initial: {
      'battery.op_mode': 2424,
      'battery.charge_min_w': 0,
      'battery.charge_max_w': storageRatedW,
      'battery.discharge_min_w': 0,
      'battery.discharge_max_w': storageRatedW,
      'battery.grid_setpoint_w': 0,
    },
    written() {
      writtenAt = clock.monotonic();
    },
    isForgotten: () => clock.monotonic() - writtenAt > watchdogS * 1000,
    read(told) {
      const charge = told('battery.charge_max_w');
      const discharge = told('battery.discharge_max_w');
      const forced: Record<number, number> = {
        2289: -told('battery.charge_min_w'),
        2290: told('battery.discharge_min_w'),
      };
      const forcedW = charge === 0 && discharge === 0 ? 0 : forced[told('battery.op_mode')];
      return { mode: modeOf(forcedW), order: { forcedW, maxChargeW: charge, maxDischargeW: discharge } };
    },
  };
};

/** SMA Sunny Boy Storage, coupled on the AC side. */
export const createStorage = (profile: ResolvedProfile, clock: Clock, watchdogS: number): SimulatedDevice => {
  const measure = ({ storage }: HouseState): Values => ({
    'ac.power': storage.powerW,
    'energy.total_out': storage.dischargedWh,
    'battery.soc': storage.soc,
  });
  const control = createStorageControl(clock, watchdogS);
  return simulate(profile, profile.profile.connection?.unitId ?? 3, measure, control);
};
