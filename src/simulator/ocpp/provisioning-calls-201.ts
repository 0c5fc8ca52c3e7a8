/** Provisioning at a simulated station of OCPP 2.0.1: its variables, its reports, and Reset. OCPP 2.0.1 part 2 B. */
import { z } from 'zod';
import { acceptedOrRejected, type CallHandlers, type IncomingCallContext } from './csms-requests.ts';
import type { Call } from './outgoing-calls.ts';
import { readParams } from './request-params.ts';
import type { Setting, SettingChange } from './station-configuration.ts';

const variable = z.object({
  component: z.object({ name: z.string(), evse: z.object({ id: z.int() }).optional() }),
  variable: z.object({ name: z.string() }),
});

const requests = {
  GetVariables: z.object({ getVariableData: z.array(variable).min(1) }),
  SetVariables: z.object({ setVariableData: z.array(variable.extend({ attributeValue: z.string() })).min(1) }),
  GetBaseReport: z.object({ requestId: z.int(), reportBase: z.string() }),
  Reset: z.object({ type: z.enum(['Immediate', 'OnIdle']), evseId: z.int().optional() }),
};

/** SetVariableStatusEnumType. */
const setVariableStatuses: Record<SettingChange, string> = {
  accepted: 'Accepted',
  rejected: 'Rejected',
  read_only: 'Rejected',
  reboot_required: 'RebootRequired',
  unknown: 'UnknownVariable',
};
const settingsPerReport = 20;

type ComponentVariable = z.infer<typeof variable>;
const settingName = ({ component, variable: { name } }: ComponentVariable): string => `${component.name}.${name}`;

const componentVariable = ({ name, evse: id }: Setting): ComponentVariable => {
  const [component = '', ...rest] = name.split('.');
  return { component: { name: component, ...(id && { evse: { id } }) }, variable: { name: rest.join('.') } };
};

/** MutabilityEnumType. */
const mutability = ({ isReadonly, isSecret }: Setting): string => {
  if (isSecret) return 'WriteOnly';
  return isReadonly ? 'ReadOnly' : 'ReadWrite';
};

const reportData = (setting: Setting): object => ({
  ...componentVariable(setting),
  variableAttribute: [
    { ...(!setting.isSecret && { value: setting.value }), mutability: mutability(setting), persistent: true },
  ],
});

/** @returns the NotifyReport requests that tell the settings */
const notifyReports = (requestId: number, settings: readonly Setting[], generatedAt: string): Call[] =>
  Array.from({ length: Math.ceil(settings.length / settingsPerReport) }, (_, seqNo) => {
    const end = (seqNo + 1) * settingsPerReport;
    const part = settings.slice(seqNo * settingsPerReport, end);
    return {
      action: 'NotifyReport',
      payload: { requestId, generatedAt, seqNo, tbc: end < settings.length, reportData: part.map(reportData) },
    };
  });

/** Handlers of GetVariables, SetVariables, GetBaseReport and Reset. */
export const provisioningHandlers = (context: IncomingCallContext): CallHandlers => {
  const { configuration, deviations, operations, stationClock, evses } = context;
  return {
    GetVariables(params) {
      const { getVariableData } = readParams(requests.GetVariables, params);
      const getVariableResult = getVariableData.map((asked) => {
        const setting = configuration.find(settingName(asked), asked.component.evse?.id);
        if (!setting) return { ...asked, attributeStatus: 'UnknownVariable' };
        if (setting.isSecret) return { ...asked, attributeStatus: 'Rejected' };
        if (deviations.hidesValues) return { ...asked, attributeStatus: 'Accepted' };
        return { ...asked, attributeStatus: 'Accepted', attributeValue: setting.value };
      });
      return { getVariableResult };
    },
    SetVariables(params) {
      const { setVariableData } = readParams(requests.SetVariables, params);
      const setVariableResult = setVariableData.map(({ attributeValue, ...asked }) => {
        const name = settingName(asked);
        const change = configuration.set(name, attributeValue, asked.component.evse?.id);
        if (change === 'accepted' && name.endsWith('Measurands')) operations.onMeasurandsChanged();
        return { ...asked, attributeStatus: setVariableStatuses[change] };
      });
      return { setVariableResult };
    },
    GetBaseReport(params) {
      const { requestId, reportBase } = readParams(requests.GetBaseReport, params);
      if (reportBase === 'SummaryInventory') return { status: 'NotSupported' };
      const told = configuration.all().filter(({ isReadonly }) => reportBase === 'FullInventory' || !isReadonly);
      operations.sendAfterAnswer(notifyReports(requestId, told, stationClock.timestamp(stationClock.now())));
      return acceptedOrRejected(true);
    },
    Reset(params) {
      const { type, evseId } = readParams(requests.Reset, params);
      if (evseId) return { status: operations.resetEvse(evseId, type === 'OnIdle') };
      const waits = type === 'OnIdle' && evses.some(({ transaction }) => transaction);
      operations.reset(type === 'Immediate' ? 'hard' : 'on_idle');
      return { status: waits ? 'Scheduled' : 'Accepted' };
    },
  };
};
