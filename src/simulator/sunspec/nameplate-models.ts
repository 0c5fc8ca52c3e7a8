/** Models 120 and 121 of the hybrid inverter: its nameplate, and its basic settings. */
import { ratings } from './hybrid-ratings.ts';
import { between, type SimulatedModel } from './simulated-model.ts';

/** DERTyp of solar modules and a battery behind one inverter. */
const pvStorage = 82;

const { powerW, apparentVa, reactiveVar, currentA, voltageV, chargeW, dischargeW, batteryV } = ratings;
const { lowestPowerFactor } = ratings;

/** Model 120. */
export const nameplateModel: SimulatedModel = {
  id: 120,
  measure: ({ state }) => ({
    DERTyp: pvStorage,
    WRtg: powerW,
    WRtg_SF: 1,
    VARtg: apparentVa,
    VARtg_SF: 1,
    VArRtgQ1: reactiveVar,
    VArRtgQ2: reactiveVar,
    VArRtgQ3: -reactiveVar,
    VArRtgQ4: -reactiveVar,
    VArRtg_SF: 1,
    ARtg: currentA,
    ARtg_SF: -1,
    PFRtgQ1: lowestPowerFactor,
    PFRtgQ2: -lowestPowerFactor,
    PFRtgQ3: -lowestPowerFactor,
    PFRtgQ4: lowestPowerFactor,
    PFRtg_SF: -2,
    WHRtg: state.hybrid.capacityWh,
    WHRtg_SF: 0,
    AhrRtg: state.hybrid.capacityWh / batteryV,
    AhrRtg_SF: -1,
    MaxChaRte: chargeW,
    MaxChaRte_SF: 0,
    MaxDisChaRte: dischargeW,
    MaxDisChaRte_SF: 0,
  }),
};

/** Model 121. The highest power is the base of the limits in per cent, and a limit itself. */
export const settingsModel: SimulatedModel = {
  id: 121,
  settings: { WMax: between(powerW, 1, powerW) },
  measure: () => ({
    VRef: voltageV,
    VRefOfs: 0,
    VMax: voltageV * 1.1,
    VMin: voltageV * 0.85,
    VAMax: apparentVa,
    VArMaxQ1: reactiveVar,
    VArMaxQ2: reactiveVar,
    VArMaxQ3: -reactiveVar,
    VArMaxQ4: -reactiveVar,
    PFMinQ1: lowestPowerFactor,
    PFMinQ2: -lowestPowerFactor,
    PFMinQ3: -lowestPowerFactor,
    PFMinQ4: lowestPowerFactor,
    ClcTotVA: 1,
    ECPNomHz: 50,
    WMax_SF: 0,
    VRef_SF: 0,
    VRefOfs_SF: 0,
    VMinMax_SF: -1,
    VAMax_SF: 0,
    VArMax_SF: 0,
    PFMin_SF: -2,
    ECPNomHz_SF: 0,
  }),
};
