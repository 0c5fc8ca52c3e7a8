/** PullDynamicScheduleUpdate (OCPP 2.1 K28): the station asks for the limit in a dynamic profile. */
import type { Answer, MessageOf } from '../messages.ts';
import type { Limiter } from './limiter.ts';

/** @returns the limit, A or W as the profile was set; none where nobody wants the profile any more: no answer revives it */
export const onPullDynamicScheduleUpdate = (limiter: Limiter, { profile }: MessageOf<'schedule_pull'>): Answer => {
  const limit = limiter.limitOfProfile(profile);
  return limit === undefined ? {} : { limit };
};
