/**
 * Requests of the backend on their way to the station. Those that change how the station connects are refused here: they
 * would lock out this server, and the backend with it. Before a charging profile is set our limit makes room, and where
 * profiles are cleared it is set again.
 */
import { z } from 'zod';
import type { Clock } from '../../../model/time.ts';
import { asFields, type Fields } from '../codec/lenient-fields.ts';
import { decodeRelayed } from '../codec/relayed-requests.ts';
import type { Version } from '../messages.ts';
import type { BackendLimits } from '../smart-charging/backend-limits.ts';

interface BackendRequest {
  version: Version;
  action: string;
  payload: object;
}

/** Has a request answered by the station. */
type RelayPayload = (payload: object) => Promise<unknown>;

/** OCPP 1.6 security whitepaper §2; names that vendors give to the address of the central system. */
const protectedKeys16 = /^(AuthorizationKey|SecurityProfile|CentralSystem(URL|Address)|BackendURL|OcppServerUrl)$/i;
/** OCPP 2.0.1 part 2, B09 and A01. */
const protectedVariables2 =
  /^(SecurityCtrlr\.(BasicAuthPassword|Identity|SecurityProfile)|OCPPCommCtrlr\.NetworkConfigurationPriority)$/i;

const keyChange16 = z.looseObject({ key: z.string() });
const variableChange2 = z.looseObject({
  component: z.looseObject({ name: z.string() }),
  variable: z.looseObject({ name: z.string() }),
});
const variableChanges2 = z.looseObject({ setVariableData: z.array(variableChange2) });
const variableResults2 = z.looseObject({ setVariableResult: z.array(z.unknown()) });

const rejected = { status: 'Rejected' };

const isProtected = ({ component, variable }: z.infer<typeof variableChange2>): boolean =>
  protectedVariables2.test(`${component.name}.${variable.name}`);

/** Relays the variables that are not protected, and answers for the others. */
const relayVariables = async (payload: object, relay: RelayPayload): Promise<unknown> => {
  const { success, data } = variableChanges2.safeParse(payload);
  if (!success || !data.setVariableData.some(isProtected)) return relay(payload);
  const allowed = data.setVariableData.filter((each) => !isProtected(each));
  const answer = allowed.length === 0 ? undefined : await relay({ ...data, setVariableData: allowed });
  const results = variableResults2.safeParse(answer).data;
  const refused = data.setVariableData
    .filter(isProtected)
    .map(({ component, variable }) => ({ attributeStatus: 'Rejected', component, variable }));
  return { ...results, setVariableResult: [...(results?.setVariableResult ?? []), ...refused] };
};

/** @returns the answer of the station to what is allowed of a request, with a refusal of the rest */
export const relayAllowed = async (
  { version, action, payload }: BackendRequest,
  relay: RelayPayload,
): Promise<unknown> => {
  if (version === '1.6') {
    const isKeyProtected = protectedKeys16.test(keyChange16.safeParse(payload).data?.key ?? '');
    return action === 'ChangeConfiguration' && isKeyProtected ? rejected : relay(payload);
  }
  if (action === 'SetNetworkProfile') return rejected;
  return action === 'SetVariables' ? relayVariables(payload, relay) : relay(payload);
};

interface LimitRelayContext {
  backendLimits: BackendLimits;
  clock: Clock;
  /** Sets our limits again. @param isForced also where the station should have them already */
  setAgain(isForced: boolean): Promise<void>;
}

/** A request of the backend on its way. */
export interface RelayedCall {
  action: string;
  payload: Fields;
  /** Has the request answered by the station. */
  relay(): Promise<unknown>;
}

/** @returns the answer of the station to a request of the backend */
export const relayRequest = async (
  { backendLimits, clock, setAgain }: LimitRelayContext,
  { action, payload, relay }: RelayedCall,
): Promise<unknown> => {
  const request = decodeRelayed(action, payload);
  const takeBack =
    request?.kind === 'set_profile' ? backendLimits.set(request.profile, request.isStart, clock.now()) : undefined;
  if (takeBack) await setAgain(false);
  let isAccepted = false;
  try {
    const answer = await relay();
    isAccepted = asFields(answer)?.status === 'Accepted';
    return answer;
  } finally {
    if (takeBack && !isAccepted) {
      takeBack();
      void setAgain(false);
    }
    if (request?.kind === 'clear_profile' && isAccepted) {
      backendLimits.clear(request.filter);
      void setAgain(true);
    }
  }
};
