/**
 * GetCompositeSchedule and ClearChargingProfile (OCPP 1.6 and 2.x) as commands. Profiles of somebody else are cleared
 * here only because somebody asks for that, and never without an id or a filter.
 */
import type { Params } from '../../../model/command.ts';
import { type Applied, CommandFailure } from '../../driver.ts';
import type { StationCommand } from '../block.ts';
import { describeVerbs } from '../block-commands.ts';
import type { ChargingProfile, StationRequest } from '../messages.ts';
import { sendCommand, shownStatus } from '../station/send-command.ts';
import type { Station } from '../station/station.ts';

const profilePurposes = ['station_max', 'tx_default', 'tx'] as const;

/** On each EVSE, and of the station as a whole. */
export const scheduleCommands = describeVerbs({
  get_composite_schedule: {
    duration_s: { unit: 's', min: 1, max: 604_800 },
    unit: { choices: ['A', 'W'], isOptional: true },
  },
});

/** As scheduleCommands, where the station is limited from here. */
export const clearCommands = describeVerbs({
  clear_charging_profile: {
    profile_id: { min: 0, max: 2 ** 31 - 1, isOptional: true },
    purpose: { choices: [...profilePurposes], isOptional: true },
    stack_level: { min: 0, max: 1000, isOptional: true },
  },
});

/** Asks what the station will allow for a time, by all of its profiles. @throws CommandFailure, CallFailure */
export const getCompositeSchedule = async (
  { calls }: Station,
  { evse, params, startBy }: StationCommand,
): Promise<Applied> => {
  const { unit } = params;
  const result = await sendCommand(
    calls,
    {
      kind: 'composite_schedule',
      evse,
      durationS: Number(params.duration_s),
      ...(unit === 'A' || unit === 'W' ? { unit } : {}),
    },
    { startBy },
  );
  if (!result.schedule) return { verified: false, reason: 'no_readback', values: shownStatus(result) };
  const { unit: told, periods } = result.schedule;
  const key = told === 'A' ? 'current_a' : 'power_w';
  const schedule = periods.map(({ startS, limit }) => ({ start_s: startS, [key]: limit }));
  return { verified: true, by: 'register', values: { ...shownStatus(result), schedule } };
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
