/** Models 701 and 714 of the hybrid inverter: its AC side, and each of its DC ports. */
import { hybridBatteryVoltage, measureStrings } from '../house/dc-side.ts';
import { stringShares } from '../house/house.ts';
import type { HouseState } from '../house/house-state.ts';
import { sumOf } from '../per-phase.ts';
import { ratings } from './hybrid-ratings.ts';
import {
  type AcTerminal,
  batteryCurrent,
  type InverterState,
  inverterState,
  isThrottled,
  measureTerminal,
} from './inverter-measurements.ts';
import { type PointValues, prefixed, type ReadSetting, type SimulatedModel } from './simulated-model.ts';

const threePhase = 2;
/** Values of InvSt. */
const operatingStates: Record<InverterState, number> = { sleeping: 1, running: 3, throttled: 4, standby: 7 };
/** Bits of DERMode. */
const [gridFollowing, pvClipped] = [1, 4];
/** Bits of ThrotSrc. */
const [maxW, fixedW] = [1, 2];

/** @returns values of one phase, which carries a third of all */
const phaseValues = (i: 0 | 1 | 2, terminal: AcTerminal, { hybridOutWh, hybridInWh }: HouseState): PointValues => ({
  [`WL${i + 1}`]: terminal.w / 3,
  [`VAL${i + 1}`]: terminal.va / 3,
  [`VarL${i + 1}`]: terminal.var / 3,
  [`PFL${i + 1}`]: terminal.powerFactor,
  [`AL${i + 1}`]: terminal.currentsA[i],
  [`VL${i + 1}`]: terminal.voltagesV[i],
  [`TotWhInjL${i + 1}`]: hybridOutWh / 3,
  [`TotWhAbsL${i + 1}`]: hybridInWh / 3,
});

const throttling = (state: HouseState, setting: ReadSetting): PointValues => {
  const isLess = isThrottled(state);
  const source = setting(704, 'WSetEna') === 1 ? fixedW : maxW;
  return {
    ThrotPct: isLess ? ((state.solarAvailableW - state.solarW) / ratings.powerW) * 100 : 0,
    ThrotSrc: isLess ? source : 0,
  };
};

/** Model 701, whose scale factors never change. */
export const acMeasurement: SimulatedModel = {
  id: 701,
  measure({ state, setting }) {
    const terminal = measureTerminal(state);
    const { lineVoltagesV, voltagesV } = terminal;
    const isOn = state.isHybridConnected ? 1 : 0;
    return {
      ACType: threePhase,
      St: isOn,
      InvSt: operatingStates[inverterState(state)],
      ConnSt: isOn,
      Alrm: 0,
      DERMode: gridFollowing | (isThrottled(state) ? pvClipped : 0),
      W: terminal.w,
      VA: terminal.va,
      Var: terminal.var,
      PF: terminal.powerFactor,
      A: sumOf(terminal.currentsA),
      LLV: sumOf(lineVoltagesV) / 3,
      LNV: sumOf(voltagesV) / 3,
      Hz: state.frequencyHz,
      TotWhInj: state.hybridOutWh,
      TotWhAbs: state.hybridInWh,
      TmpCab: state.inverterTemperatureC,
      ...phaseValues(0, terminal, state),
      ...phaseValues(1, terminal, state),
      ...phaseValues(2, terminal, state),
      VL1L2: lineVoltagesV[0],
      VL2L3: lineVoltagesV[1],
      VL3L1: lineVoltagesV[2],
      ...throttling(state, setting),
      A_SF: -2,
      V_SF: -1,
      Hz_SF: -3,
      W_SF: 0,
      PF_SF: -3,
      VA_SF: 0,
      Var_SF: 0,
      TotWh_SF: 0,
      Tmp_SF: -1,
    };
  },
};

/** Values of PrtTyp and DCSta. */
const [photovoltaic, storage] = [0, 1];
const on = 1;

/** A DC port in the units of the model: positive is what it gives to the inverter. */
interface DcPort {
  type: number;
  name: string;
  currentA: number;
  voltageV: number;
  powerW: number;
  injectedWh: number;
  absorbedWh: number;
}

const portsOf = (state: HouseState): DcPort[] => {
  const { hybrid, producedWh } = state;
  const strings = measureStrings(state).map(
    (string, i): DcPort => ({
      type: photovoltaic,
      name: `PV ${i + 1}`,
      ...string,
      injectedWh: producedWh * (stringShares[i] ?? 0),
      absorbedWh: 0,
    }),
  );
  return [
    ...strings,
    {
      type: storage,
      name: 'Battery',
      currentA: batteryCurrent(state),
      voltageV: hybridBatteryVoltage(hybrid),
      powerW: hybrid.powerW,
      injectedWh: hybrid.dischargedWh,
      absorbedWh: hybrid.chargedWh,
    },
  ];
};

const portCount = 3;

const portValues = (port: DcPort, number: number): PointValues =>
  prefixed(`Prt.${number}.`, {
    PrtTyp: port.type,
    ID: number,
    IDStr: port.name,
    DCA: port.currentA,
    DCV: port.voltageV,
    DCW: port.powerW,
    DCWhInj: port.injectedWh,
    DCWhAbs: port.absorbedWh,
    DCSta: on,
    DCAlrm: 0,
  });

/** Model 714 with two ports for strings and one for the battery. */
export const dcMeasurement: SimulatedModel = {
  id: 714,
  counts: { NPrt: portCount },
  measure({ state }) {
    const ports = portsOf(state);
    const total = (of: (port: DcPort) => number): number => ports.reduce((sum, port) => sum + of(port), 0);
    return Object.assign(
      {
        PrtAlrms: 0,
        DCA: total(({ currentA }) => currentA),
        DCW: total(({ powerW }) => powerW),
        DCWhInj: total(({ injectedWh }) => injectedWh),
        DCWhAbs: total(({ absorbedWh }) => absorbedWh),
        DCA_SF: -2,
        DCV_SF: -1,
        DCW_SF: 0,
        DCWH_SF: 0,
        Tmp_SF: 0,
      },
      ...ports.map((port, i) => portValues(port, i + 1)),
    );
  },
};
