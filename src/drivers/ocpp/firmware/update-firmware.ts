/** UpdateFirmware (OCPP 1.6 and 2.x), SignedUpdateFirmware of the OCPP 1.6 security whitepaper, as a command. */
import type { Params } from '../../../model/command.ts';
import { type Applied, CommandFailure } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { createStatuses } from '../codec/outbound.ts';
import type { StationRequest } from '../messages.ts';
import { textParam, timeParam, transferParams } from '../station/command-params.ts';
import { sendCommand, shownStatus } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

/** UpdateFirmwareStatusEnumType: an update that was under way is given up for this one. */
export const firmwareStatuses = createStatuses({ AcceptedCanceled: 'accepted' });

type UpdateRequest = Extract<StationRequest, { kind: 'update_firmware' }>;

const signedBy = (params: Params): Pick<UpdateRequest, 'signed'> => {
  const certificate = textParam(params, 'signing_certificate');
  const signature = textParam(params, 'signature');
  if (certificate === undefined && signature === undefined) return {};
  if (certificate === undefined || signature === undefined)
    throw new CommandFailure('SCHEMA', 'signing_certificate and signature are given together');
  return { signed: { certificate, signature } };
};

/**
 * Has the station install a firmware, at once where no time is given; how that goes on is told by
 * FirmwareStatusNotification, of a signed firmware in OCPP 1.6 by SignedFirmwareStatusNotification.
 * @throws CommandFailure, CallFailure
 */
export const updateFirmware = async (
  { calls, clock }: Station,
  { params, startBy }: StationCommand,
  requestId: number,
): Promise<Applied> => {
  const installAt = timeParam(params, 'install_at');
  const request: UpdateRequest = {
    kind: 'update_firmware',
    requestId,
    ...transferParams(params),
    retrieveAt: timeParam(params, 'retrieve_at') ?? clock.now(),
    ...(installAt === undefined ? {} : { installAt }),
    ...signedBy(params),
  };
  const result = await sendCommand(calls, request, { startBy, statuses: firmwareStatuses });
  // UpdateFirmware of OCPP 1.6 has no status in its answer, and no id.
  const isNamed = calls.version() !== '1.6' || request.signed !== undefined;
  const values = isNamed ? { ...shownStatus(result), request_id: requestId } : {};
  return { verified: false, reason: 'no_readback', values };
};
