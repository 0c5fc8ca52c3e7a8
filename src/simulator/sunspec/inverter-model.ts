/** Models 103 and 122 of the hybrid inverter: its measured values, and its status. */
import type { HouseState } from '../house/house-state.ts';
import { acPower } from '../house/inverter-power.ts';
import { ratings } from './hybrid-ratings.ts';
import { type InverterState, inverterState, measureTerminal } from './inverter-measurements.ts';
import { factorFor, highest, type ReadSetting, type SimulatedModel, sunSpecTime } from './simulated-model.ts';

/** Values of St. */
const operatingStates: Record<InverterState, number> = { sleeping: 2, running: 4, throttled: 5, standby: 8 };

/** Model 103. Active power has a finer scale factor while it is small. */
export const inverterModel: SimulatedModel = {
  id: 103,
  measure({ state }) {
    const { w, va, var: reactive, powerFactor, currentsA, voltagesV, lineVoltagesV } = measureTerminal(state);
    const dcW = state.solarW + state.hybrid.powerW;
    const wFactor = factorFor([w], -1, highest.int16);
    return {
      A: currentsA[0] + currentsA[1] + currentsA[2],
      AphA: currentsA[0],
      AphB: currentsA[1],
      AphC: currentsA[2],
      A_SF: -2,
      PPVphAB: lineVoltagesV[0],
      PPVphBC: lineVoltagesV[1],
      PPVphCA: lineVoltagesV[2],
      PhVphA: voltagesV[0],
      PhVphB: voltagesV[1],
      PhVphC: voltagesV[2],
      V_SF: -1,
      W: w,
      W_SF: wFactor,
      Hz: state.frequencyHz,
      Hz_SF: -2,
      VA: va,
      VA_SF: 0,
      VAr: reactive,
      VAr_SF: 0,
      PF: powerFactor * 100,
      PF_SF: -2,
      WH: state.hybridOutWh,
      WH_SF: 0,
      DCW: dcW,
      DCW_SF: factorFor([dcW], -1, highest.int16),
      TmpCab: state.inverterTemperatureC,
      Tmp_SF: -1,
      St: operatingStates[inverterState(state)],
      Evt1: 0,
      Evt2: 0,
    };
  },
};

/** Bits of PVConn and StorConn. */
const [connected, available, operating] = [1, 2, 4];
/** Bit of ECPConn. */
const ecpConnected = 2;
/** Bits of StActCtl. */
const [fixedW, fixedVar, fixedPowerFactor] = [1, 2, 4];

const connectionOf = (isOperating: boolean): number => connected | available | (isOperating ? operating : 0);

const activeControls = (setting: ReadSetting): number =>
  (setting(123, 'WMaxLim_Ena') === 1 ? fixedW : 0) |
  (setting(123, 'VArPct_Ena') === 1 ? fixedVar : 0) |
  (setting(123, 'OutPFSet_Ena') === 1 ? fixedPowerFactor : 0);

/** @returns AC power that the roof could bring about, W */
const availablePower = ({ solarAvailableW }: HouseState): number => Math.max(0, acPower(solarAvailableW));

/** Model 122. */
export const statusModel: SimulatedModel = {
  id: 122,
  measure: ({ state, setting, nowMs }) => ({
    PVConn: connectionOf(state.solarW > 0),
    StorConn: connectionOf(Math.abs(state.hybrid.powerW) > 0),
    ECPConn: state.isHybridConnected ? ecpConnected : 1,
    ActWh: state.hybridOutWh,
    VArAval: Math.sqrt(Math.max(0, ratings.apparentVa ** 2 - state.hybridAcW ** 2)),
    VArAval_SF: 0,
    WAval: availablePower(state),
    WAval_SF: 0,
    StSetLimMsk: 0,
    StActCtl: activeControls(setting),
    TmSrc: 'RTC',
    Tms: sunSpecTime(nowMs),
    RtSt: 0,
    Ris: 2_500_000,
    Ris_SF: 3,
  }),
};
