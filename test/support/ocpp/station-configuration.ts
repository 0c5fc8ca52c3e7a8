/**
 * Answers of a scripted station that has configuration keys (OCPP 1.6) or variables (OCPP 2.x): reads and changes of
 * them.
 */
import type { Answering } from './scripted-station.ts';

/** The status that a change is answered with: "Accepted", until a test judges otherwise. */
const judged = () => {
  let verdict = (_name: string, _value: string): string => 'Accepted';
  return {
    of: (name: string, value: string): string => verdict(name, value),
    judge(next: typeof verdict): void {
      verdict = next;
    },
  };
};

export const createSettings = (values: Record<string, string>) => {
  const changes: [key: unknown, value: unknown][] = [];
  const verdict = judged();
  const tell = (keys: string[]): object => ({
    configurationKey: keys
      .filter((key) => key in values)
      .map((key) => ({ key, readonly: key === 'NumberOfConnectors', value: values[key] })),
    unknownKey: keys.filter((key) => !(key in values)),
  });
  const answers: Answering = (action, payload) => {
    if (action === 'GetConfiguration') return tell((payload.key as string[] | undefined) ?? Object.keys(values));
    if (action !== 'ChangeConfiguration') return undefined;
    const [key, value] = [String(payload.key), String(payload.value)];
    changes.push([key, value]);
    const status = verdict.of(key, value);
    if (status === 'Accepted' || status === 'RebootRequired') values[key] = value;
    return { status };
  };
  return { values, changes, answers, judge: verdict.judge };
};

export const usualSettings = {
  NumberOfConnectors: '1',
  SupportedFeatureProfiles: 'Core,SmartCharging,RemoteTrigger',
  ChargingScheduleAllowedChargingRateUnit: 'Current,Power',
  ChargeProfileMaxStackLevel: '8',
  MeterValuesSampledData: 'Energy.Active.Import.Register',
  MeterValueSampleInterval: '60',
};
export const wantedMeasurands =
  'Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage,Current.Offered,SoC';

/** The variables of a station of OCPP 2.x, by "Component.Variable": told, and changed. */
export const createVariables = (values: Record<string, string>) => {
  const changes: [name: string, value: string][] = [];
  const verdict = judged();
  interface Named {
    component: { name: string };
    variable: { name: string };
    attributeValue?: string;
  }
  const nameOf = ({ component, variable }: Named): string => `${component.name}.${variable.name}`;
  const answers: Answering = (action, payload) => {
    if (action === 'GetVariables')
      return {
        getVariableResult: (payload.getVariableData as Named[]).map((each) => {
          const attributeValue = values[nameOf(each)];
          return attributeValue === undefined
            ? { ...each, attributeStatus: 'UnknownVariable' }
            : { ...each, attributeStatus: 'Accepted', attributeValue };
        }),
      };
    if (action !== 'SetVariables') return undefined;
    return {
      setVariableResult: (payload.setVariableData as Named[]).map(({ attributeValue = '', ...each }) => {
        const name = nameOf(each);
        changes.push([name, attributeValue]);
        const attributeStatus = verdict.of(name, attributeValue);
        if (attributeStatus === 'Accepted') values[name] = attributeValue;
        return { ...each, attributeStatus };
      }),
    };
  };
  return { values, changes, answers, judge: verdict.judge };
};

export const usualVariables = {
  'SmartChargingCtrlr.RateUnit': 'A,W',
  'SmartChargingCtrlr.ProfileStackLevel': '8',
  'SampledDataCtrlr.TxUpdatedInterval': '10',
  'SampledDataCtrlr.TxUpdatedMeasurands': wantedMeasurands,
  'SampledDataCtrlr.TxStartedMeasurands': 'Energy.Active.Import.Register',
  'SampledDataCtrlr.TxEndedMeasurands': 'Energy.Active.Import.Register',
};
