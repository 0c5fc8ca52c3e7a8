/**
 * ClearChargingProfile (OCPP 1.6 §5.2, OCPP 2.x K10), from here and as a command; always with an id or a filter: without
 * one, the limits of the installer would go as well. Profiles of somebody else go where somebody asks for that.
 */
import type { Params } from '../../../model/command.ts';
import { type Applied, CommandFailure } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { describeVerbs } from '../block-commands.ts';
import type { ChargingProfile, StationRequest } from '../messages.ts';
import { sendCommand, shownStatus } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';
import { type AskStation, isAccepted } from './ask-station.ts';

const profilePurposes = ['station_max', 'tx_default', 'tx'] as const;

/** On each EVSE, and of the station as a whole, where the station is limited from here. */
export const clearCommands = describeVerbs({
  clear_charging_profile: {
    profile_id: { min: 0, max: 2 ** 31 - 1, isOptional: true },
    purpose: { choices: [...profilePurposes], isOptional: true },
    stack_level: { min: 0, max: 1000, isOptional: true },
  },
});

/** @returns whether the profile is gone */
export const clearProfile = async (ask: AskStation, id: number): Promise<boolean> =>
  isAccepted(await ask({ kind: 'clear_profile', id }));

/** Clears what transactions are limited by. @param evse undefined: on all of them */
export const clearTransactionProfiles = async (ask: AskStation, evse?: number): Promise<void> => {
  for (const purpose of ['tx', 'tx_default'] as const)
    await ask({ kind: 'clear_profile', ...(evse === undefined ? {} : { evse }), purpose });
};

const isPurpose = (word: unknown): word is ChargingProfile['purpose'] =>
  profilePurposes.some((purpose) => purpose === word);

const filterOf = (evse: number, params: Params): Extract<StationRequest, { kind: 'clear_profile' }> => {
  const { profile_id: id, purpose, stack_level: stackLevel } = params;
  if (typeof id === 'number') return { kind: 'clear_profile', id };
  if (purpose === undefined && stackLevel === undefined)
    throw new CommandFailure('SCHEMA', 'which profiles are to go: profile_id, purpose or stack_level');
  return {
    kind: 'clear_profile',
    ...(evse === 0 ? {} : { evse }),
    ...(isPurpose(purpose) ? { purpose } : {}),
    ...(typeof stackLevel === 'number' ? { stackLevel } : {}),
  };
};

/**
 * Clears the profile of an id, or those that a filter meets.
 * @param setAgain sets our own limits again, which may have gone as well
 * @throws CommandFailure, CallFailure
 */
export const clearChargingProfile = async (
  { calls }: Station,
  { evse, params, startBy }: StationCommand,
  setAgain: () => Promise<void>,
): Promise<Applied> => {
  const result = await sendCommand(calls, filterOf(evse, params), { startBy });
  await setAgain();
  return { verified: false, reason: 'no_readback', values: shownStatus(result) };
};
