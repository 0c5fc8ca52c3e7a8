/** GetDiagnostics of OCPP 1.6, GetLog of OCPP 2.x and of the OCPP 1.6 security whitepaper, as commands. */
import type { Params } from '../../../model/command.ts';
import type { Applied } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { createStatuses } from '../codec/outbound.ts';
import type { StationRequest, StationResult } from '../messages.ts';
import { timeParam, transferParams } from '../station/command-params.ts';
import { sendCommand, shownStatus } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

/** LogStatusEnumType: an upload that was under way is given up for this one. */
export const logStatuses = createStatuses({ AcceptedCanceled: 'accepted' });

type DiagnosticsRequest = Extract<StationRequest, { kind: 'get_diagnostics' }>;

/** Parameters that GetDiagnostics and GetLog share. */
const uploadOf = (params: Params): Omit<DiagnosticsRequest, 'kind'> => {
  const oldestAt = timeParam(params, 'oldest');
  const latestAt = timeParam(params, 'latest');
  return {
    ...transferParams(params),
    ...(oldestAt === undefined ? {} : { oldestAt }),
    ...(latestAt === undefined ? {} : { latestAt }),
  };
};

const shownFile = ({ fileName }: StationResult): Params => (fileName === undefined ? {} : { file_name: fileName });

/** Has a log uploaded; how that goes on is told by LogStatusNotification. @throws CommandFailure, CallFailure */
export const getLog = async (
  { calls }: Station,
  { params, startBy }: StationCommand,
  requestId: number,
): Promise<Applied> => {
  const log = params.log === 'security' ? 'security' : 'diagnostics';
  const result = await sendCommand(
    calls,
    { kind: 'get_log', requestId, log, ...uploadOf(params) },
    { startBy, statuses: logStatuses },
  );
  const values = { ...shownStatus(result), ...shownFile(result), request_id: requestId };
  return { verified: false, reason: 'no_readback', values };
};

/**
 * Has the diagnostics uploaded; how that goes on is told by DiagnosticsStatusNotification. OCPP 2.x has GetLog for it.
 * @param newId the id of a request of OCPP 2.x
 * @throws CommandFailure, CallFailure
 */
export const getDiagnostics = async (
  station: Station,
  command: StationCommand,
  newId: () => number,
): Promise<Applied> => {
  const { calls } = station;
  if (calls.version() !== '1.6') return getLog(station, command, newId());
  const request: DiagnosticsRequest = { kind: 'get_diagnostics', ...uploadOf(command.params) };
  const result = await sendCommand(calls, request, { startBy: command.startBy });
  // Without a name, the station has nothing to upload.
  const values = shownFile(result);
  return { verified: false, reason: 'no_readback', values };
};
