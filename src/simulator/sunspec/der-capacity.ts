/** Models 702 and 713 of the hybrid inverter: its capacity, and that of its battery. */
import { ratings } from './hybrid-ratings.ts';
import { between, type SimulatedModel } from './simulated-model.ts';

const { powerW, apparentVa, reactiveVar, chargeW, dischargeW, voltageV, currentA, lowestPowerFactor } = ratings;

/** Bits of CtrlModes: MAX_W, FIXED_W, FIXED_VAR, FIXED_PF. */
const controlModes = 0b1111;
/** Values of the categories of IEEE 1547 that the model names. */
const [categoryB, categoryIII] = [1, 2];

/** Model 702. The highest power is the base of the limits in per cent, and a limit itself. */
export const derCapacity: SimulatedModel = {
  id: 702,
  settings: {
    WMax: between(powerW, 1, powerW),
    WChaRteMax: between(chargeW, 0, chargeW),
    WDisChaRteMax: between(dischargeW, 0, dischargeW),
  },
  measure: () => ({
    WMaxRtg: powerW,
    VAMaxRtg: apparentVa,
    VarMaxInjRtg: reactiveVar,
    VarMaxAbsRtg: reactiveVar,
    WChaRteMaxRtg: chargeW,
    WDisChaRteMaxRtg: dischargeW,
    VNomRtg: voltageV,
    VMaxRtg: voltageV * 1.1,
    VMinRtg: voltageV * 0.85,
    AMaxRtg: currentA,
    PFOvrExtRtg: lowestPowerFactor,
    PFUndExtRtg: lowestPowerFactor,
    NorOpCatRtg: categoryB,
    AbnOpCatRtg: categoryIII,
    CtrlModes: controlModes,
    VAMax: apparentVa,
    VarMaxInj: reactiveVar,
    VarMaxAbs: reactiveVar,
    VNom: voltageV,
    AMax: currentA,
    W_SF: 0,
    PF_SF: -3,
    VA_SF: 0,
    Var_SF: 0,
    V_SF: -1,
    A_SF: -1,
  }),
};

/** State of health of the battery, %. */
const healthPct = 98;

/** Model 713. */
export const storageCapacity: SimulatedModel = {
  id: 713,
  measure: ({ state: { hybrid } }) => ({
    WHRtg: hybrid.capacityWh,
    WHAvail: (hybrid.capacityWh * hybrid.soc * healthPct) / 10_000,
    SoC: hybrid.soc,
    SoH: healthPct,
    Sta: 0,
    WH_SF: 0,
    Pct_SF: -1,
  }),
};
