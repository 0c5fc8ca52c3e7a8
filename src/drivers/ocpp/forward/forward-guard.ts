/** What a backend may not change: how the station comes here. It would lock us out, and itself as well. */
import { z } from 'zod';
import type { Version } from '../words.ts';

/** OCPP 1.6 security whitepaper §2; what vendors call the address of the central system. */
const guarded16 = /^(AuthorizationKey|SecurityProfile|CentralSystem(URL|Address)|BackendURL|OcppServerUrl)$/i;
/** OCPP 2.0.1 part 2, B09 and A01. */
const guarded2 =
  /^(SecurityCtrlr\.(BasicAuthPassword|Identity|SecurityProfile)|OCPPCommCtrlr\.NetworkConfigurationPriority)$/i;

const change16 = z.looseObject({ key: z.string() });
const named = z.looseObject({
  component: z.looseObject({ name: z.string() }),
  variable: z.looseObject({ name: z.string() }),
});
const change2 = z.looseObject({ setVariableData: z.array(named) });
const result2 = z.looseObject({ setVariableResult: z.array(z.unknown()) });

const isGuarded = ({ component, variable }: z.infer<typeof named>): boolean =>
  guarded2.test(`${component.name}.${variable.name}`);

const setVariables = async (payload: object, relay: (payload: object) => Promise<unknown>): Promise<unknown> => {
  const { success, data } = change2.safeParse(payload);
  if (!success || !data.setVariableData.some(isGuarded)) return relay(payload);
  const open = data.setVariableData.filter((each) => !isGuarded(each));
  const told = open.length === 0 ? undefined : result2.safeParse(await relay({ ...data, setVariableData: open })).data;
  const refused = data.setVariableData
    .filter(isGuarded)
    .map(({ component, variable }) => ({ attributeStatus: 'Rejected', component, variable }));
  return { ...told, setVariableResult: [...(told?.setVariableResult ?? []), ...refused] };
};

/** @param relay has it answered by the station */
export const guard = async (
  version: Version,
  action: string,
  payload: object,
  relay: (payload: object) => Promise<unknown>,
): Promise<unknown> => {
  if (version === '1.6') {
    const isRefused = action === 'ChangeConfiguration' && guarded16.test(change16.safeParse(payload).data?.key ?? '');
    return isRefused ? { status: 'Rejected' } : relay(payload);
  }
  if (action === 'SetNetworkProfile') return { status: 'Rejected' };
  return action === 'SetVariables' ? setVariables(payload, relay) : relay(payload);
};
