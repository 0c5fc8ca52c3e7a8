/** The devices of the house as their profiles describe them: the state of the house written into registers. */
import { encodePoint } from '../drivers/modbus/encode.ts';
import type { Point, ResolvedProfile } from '../drivers/modbus/resolve.ts';
import type { HouseState } from './house.ts';
import { createImage, type UnitImages } from './modbus-server.ts';

export interface SimulatedDevice {
  profile: string;
  unit: number;
  images: UnitImages;
  /** Writes what the device would measure now. */
  update(state: HouseState): void;
}

type Values = Record<string, number | string>;

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
): SimulatedDevice => {
  const images: UnitImages = { holding: createImage(), input: createImage() };
  const byName = new Map(points.map((point) => [point.name, point]));

  const write = (point: Point, value: number | string): void => {
    for (const { address, word } of encodePoint(point, value)) images[point.table]?.set(address, word);
  };

  for (const point of points) if (point.isReadable) write(point, point.type === 'string' ? '' : 0);
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

/** Sungrow SH-RT hybrid with two strings and a battery. */
export const createHybrid = (profile: ResolvedProfile): SimulatedDevice =>
  simulate(profile, profile.profile.connection?.unitId ?? 1, (state) => {
    const { hybrid, stringsW, hybridAcW, gridW, gridVoltagesV } = state;
    return {
      serial: 'A2290012345',
      device_type: 3600,
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
      'grid.frequency': state.frequencyHz,
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
  });

/** SMA Sunny Boy Storage, coupled on the AC side. */
export const createStorage = (profile: ResolvedProfile): SimulatedDevice =>
  simulate(profile, profile.profile.connection?.unitId ?? 3, ({ storage }) => ({
    'ac.power': storage.powerW,
    'energy.total_out': storage.dischargedWh,
    'battery.soc': storage.soc,
  }));
