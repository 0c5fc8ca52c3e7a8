/** Devices that take commands, by their models: an inverter and a hybrid of 12x, an inverter and a battery of 7xx. */
import type { PointValue } from '../../../src/drivers/sunspec/index.ts';
import type { ValuedModel } from './valued-device.ts';

const common: ValuedModel = { id: 1, values: { Mn: 'Acme', Md: 'Sun 10', SN: 'S-1', Vr: '1.2' } };
const ac = { W: 4000, W_SF: 0, WH: 5000, WH_SF: 0, Hz: 50, Hz_SF: 0, PhVphA: 230, V_SF: 0, AphA: 5, A_SF: 0, St: 4 };
const inverter: ValuedModel = { id: 103, values: { ...ac, TmpCab: 30, Tmp_SF: 0, Evt1: 0, Evt2: 0 } };
const settings: ValuedModel = { id: 121, values: { WMax: 10_000, WMax_SF: 0, VArMaxQ1: 5000, VArMax_SF: 0 } };

/** Model 123 with nothing in force, and timers that nobody has set. */
const controls: Record<string, PointValue> = {
  Conn_WinTms: 0,
  Conn_RvrtTms: 0,
  Conn: 1,
  WMaxLimPct: 100,
  WMaxLimPct_WinTms: 0,
  WMaxLimPct_RvrtTms: 0,
  WMaxLimPct_RmpTms: 0,
  WMaxLim_Ena: 0,
  OutPFSet: 1,
  OutPFSet_WinTms: 0,
  OutPFSet_RvrtTms: 0,
  OutPFSet_RmpTms: 0,
  OutPFSet_Ena: 0,
  VArMaxPct: 0,
  VArAvalPct: 0,
  VArPct_WinTms: 0,
  VArPct_RvrtTms: 0,
  VArPct_RmpTms: 0,
  VArPct_Mod: 0,
  VArPct_Ena: 0,
  WMaxLimPct_SF: 0,
  OutPFSet_SF: -2,
  VArPct_SF: 0,
};

const storage: ValuedModel = {
  id: 124,
  values: {
    WChaMax: 5000,
    WChaMax_SF: 0,
    WChaGra: 100,
    WDisChaGra: 100,
    WChaDisChaGra_SF: 0,
    StorCtl_Mod: 0,
    MinRsvPct: 10,
    MinRsvPct_SF: 0,
    ChaState: 60,
    ChaState_SF: 0,
    ChaSt: 6,
    OutWRte: 100,
    InWRte: 100,
    InOutWRte_WinTms: 0,
    InOutWRte_RvrtTms: 0,
    InOutWRte_RmpTms: 0,
    ChaGriSet: 0,
    InOutWRte_SF: 0,
  },
};

const der: ValuedModel = {
  id: 701,
  values: {
    ACType: 2,
    St: 1,
    InvSt: 3,
    W: 4000,
    W_SF: 0,
    VA: 4000,
    VA_SF: 0,
    Hz: 50,
    Hz_SF: 0,
    VL1: 230,
    V_SF: 0,
    TotWhInj: 5000,
    TotWh_SF: 0,
  },
};

/** Model 704 with nothing in force. */
const acControls: Record<string, PointValue> = {
  PFWInjEna: 0,
  PFWInjEnaRvrt: 0,
  PFWInjRvrtTms: 0,
  WMaxLimPctEna: 0,
  WMaxLimPct: 100,
  WMaxLimPctRvrt: 100,
  WMaxLimPctEnaRvrt: 0,
  WMaxLimPctRvrtTms: 0,
  WSetEna: 0,
  WSetMod: 0,
  WSet: 0,
  WSetRvrt: 0,
  WSetPct: 0,
  WSetPctRvrt: 0,
  WSetEnaRvrt: 0,
  WSetRvrtTms: 0,
  VarSetEna: 0,
  VarSetMod: 0,
  VarSetPri: 0,
  VarSet: 0,
  VarSetRvrt: 0,
  VarSetPct: 0,
  VarSetPctRvrt: 0,
  VarSetEnaRvrt: 0,
  VarSetRvrtTms: 0,
  'PFWInj.PF': 1,
  'PFWInj.Ext': 0,
  'PFWInjRvrt.PF': 1,
  'PFWInjRvrt.Ext': 0,
  PF_SF: -3,
  WMaxLimPct_SF: 0,
  WSet_SF: 0,
  WSetPct_SF: 0,
  VarSet_SF: 0,
  VarSetPct_SF: 0,
};

const capacity: ValuedModel = {
  id: 702,
  values: { WMaxRtg: 10_000, WMax: 10_000, W_SF: 0, VarMaxInj: 5000, Var_SF: 0 },
};
const enterService: ValuedModel = { id: 703, values: { ES: 1 } };
const derControl: ValuedModel = { id: 715, values: { LocRemCtl: 0, DERHb: 5, ControllerHb: 41, OpCtl: 1 } };

/** A model without a meaning, by which what follows moves. */
export const filler: ValuedModel = { id: 2, values: {} };

/** @param given values of model 123 that are not as usual */
export const inverter12x = (given: Record<string, PointValue> = {}): ValuedModel[] => [
  common,
  inverter,
  settings,
  { id: 123, values: { ...controls, ...given } },
];

/** @param given values of model 124 that are not as usual */
export const hybrid12x = (given: Record<string, PointValue> = {}): ValuedModel[] => [
  common,
  inverter,
  { id: 120, values: { DERTyp: 82, WRtg: 10_000, WRtg_SF: 0, MaxDisChaRte: 4000, MaxDisChaRte_SF: 0 } },
  { id: 123, values: controls },
  { ...storage, values: { ...storage.values, ...given } },
];

/** @param given values of model 704 that are not as usual */
export const inverter7xx = (given: Record<string, PointValue> = {}): ValuedModel[] => [
  common,
  der,
  capacity,
  enterService,
  { id: 704, values: { ...acControls, ...given } },
  derControl,
];

/** A battery of its own, with one port. */
export const battery7xx = (): ValuedModel[] => [
  common,
  der,
  {
    id: 702,
    values: { ...capacity.values, WChaRteMaxRtg: 5000, WDisChaRteMaxRtg: 6000, WChaRteMax: 5000, WDisChaRteMax: 6000 },
  },
  { id: 704, values: acControls },
  { id: 713, values: { WHRtg: 10_000, WHAvail: 6000, SoC: 60, Pct_SF: 0, WH_SF: 0 } },
  {
    id: 714,
    counts: { NPrt: 1 },
    values: { DCW: 1000, DCW_SF: 0, 'Prt.1.PrtTyp': 1, 'Prt.1.DCW': 1000 },
  },
];
