/** Why a request of a bus was not sent, or not any more, in words. */
import type { Job, Unit } from './bus-unit.ts';
import type { LinkState } from './link.ts';
import { describeRequest, ModbusFailure } from './request.ts';

export const unreachable = ({ reason, slowness }: Unit, { request }: Job): ModbusFailure =>
  new ModbusFailure('unreachable', `${describeRequest(request)}: the unit is not answering (${slowness ?? reason})`);

export const expired = ({ request }: Job): ModbusFailure =>
  new ModbusFailure('expired', `${describeRequest(request)}: not sent, its time was over`);

export const disconnected = ({ request }: Job, state: LinkState): ModbusFailure => {
  const why = state.kind === 'waiting' ? state.reason : state.kind;
  return new ModbusFailure('disconnected', `${describeRequest(request)}: no connection (${why})`);
};
