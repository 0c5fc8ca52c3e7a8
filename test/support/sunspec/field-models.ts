/** Models of devices as they are found in the field, by the values of their points. */
import type { ValuedModel } from './valued-device.ts';

/** @param serial tells devices of one kind apart */
export const commonModel = (serial: string, more: Record<string, string> = {}): ValuedModel => ({
  id: 1,
  values: { Mn: 'Acme', Md: 'Sun 5', Vr: '1.2', SN: serial, ...more },
});

/** @param watts of a three-phase inverter that runs; null: it sleeps, and measures nothing */
export const inverterModel = (watts: number | null, more: ValuedModel['values'] = {}): ValuedModel => {
  const measured = {
    W: watts,
    Hz: 50,
    PhVphA: 230,
    PhVphB: 231,
    PhVphC: 229,
    AphA: 5,
    AphB: 5,
    AphC: 5,
    TmpCab: 30,
  };
  const asleep = Object.fromEntries(Object.keys(measured).map((name) => [name, null]));
  return {
    id: 103,
    values: {
      ...(watts === null ? asleep : measured),
      ...{ W_SF: 0, Hz_SF: 0, V_SF: 0, A_SF: 0, Tmp_SF: 0, WH: 5000, WH_SF: 0 },
      St: watts === null ? 2 : 4,
      Evt1: 0,
      Evt2: 0,
      ...more,
    },
  };
};

export const nameplateModel: ValuedModel = {
  id: 120,
  values: { DERTyp: 4, WRtg: 5000, WRtg_SF: 0, VARtg: 5000, VARtg_SF: 0, ARtg: 8, ARtg_SF: 0 },
};

/** @param watts of each module */
export const modulesModel = (...watts: number[]): ValuedModel => ({
  id: 160,
  repeats: watts.length,
  values: { DCW_SF: 0, ...Object.fromEntries(watts.map((each, n) => [`module.${n + 1}.DCW`, each])) },
});

/** @param watts of a three-phase meter, positive in the direction that its maker chose */
export const meterModel = (watts: number): ValuedModel => ({
  id: 203,
  values: { W: watts, W_SF: 0, Hz: 50, Hz_SF: 0, A: 3, A_SF: 0, PhVphA: 230, V_SF: 0 },
});
