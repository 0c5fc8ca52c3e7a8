/** Calls that carry out a command, and how long to wait for what they bring about. */

import { pause } from '../../../common/pause.ts';
import type { Code, Params } from '../../../model/command.ts';
import { CommandFailure } from '../../driver.ts';
import type { StationRequest, StationResult } from '../messages.ts';
import type { SendOptions, StationCalls } from './calls.ts';
import type { Station } from './station.ts';

/** Between two looks at whether a command has taken effect, ms. */
const lookMs = 500;

const codes: Partial<Record<StationResult['status'], Code>> = {
  rejected: 'DEVICE_REJECTED',
  unknown: 'DEVICE_REJECTED',
  not_supported: 'UNSUPPORTED',
};

interface CommandOptions extends Pick<SendOptions, 'statuses'> {
  /** Monotonic ms after which the call is not sent any more; absent or Infinity: whenever its turn comes. */
  startBy?: number | undefined;
}

/** @throws CommandFailure where the station rejects it, CallFailure where it does not answer */
export const sendCommand = async (
  calls: StationCalls,
  request: StationRequest,
  { startBy = Number.POSITIVE_INFINITY, ...options }: CommandOptions = {},
): Promise<StationResult> => {
  const limit = startBy === Number.POSITIVE_INFINITY ? {} : { notAfter: startBy };
  const result = await calls.send(request, { ...options, ...limit });
  const code = codes[result.status];
  if (code) throw new CommandFailure(code, `the station says ${result.raw}`);
  return result;
};

/** The station's own word, for the response to a command. */
export const shownStatus = ({ raw }: StationResult): Params => ({ status: raw });

/** @returns whether the condition was met within `ms`, on this connection */
export const waitUntil = async (
  { calls, clock }: Pick<Station, 'calls' | 'clock'>,
  isMet: () => boolean,
  ms: number,
): Promise<boolean> => {
  const end = clock.monotonic() + ms;
  while (!isMet()) {
    if (clock.monotonic() >= end || !calls.isConnected()) return false;
    await pause(lookMs, clock);
  }
  return true;
};
