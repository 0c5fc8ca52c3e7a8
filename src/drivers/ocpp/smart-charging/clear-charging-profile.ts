/**
 * ClearChargingProfile (OCPP 1.6 §5.2, OCPP 2.x K10), always with an id or a purpose: without a filter the limits of the
 * installer would go as well.
 */
import { type AskStation, isAccepted } from './ask-station.ts';

/** @returns whether the profile is gone */
export const clearProfile = async (ask: AskStation, id: number): Promise<boolean> =>
  isAccepted(await ask({ kind: 'clear_profile', id }));

/** Clears what transactions are limited by. @param evse undefined: on all of them */
export const clearTransactionProfiles = async (ask: AskStation, evse?: number): Promise<void> => {
  for (const purpose of ['tx', 'tx_default'] as const)
    await ask({ kind: 'clear_profile', ...(evse === undefined ? {} : { evse }), purpose });
};
