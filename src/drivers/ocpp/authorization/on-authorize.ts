/** Authorize (OCPP 1.6; OCPP 2.0.1 part 2, block C): whether an id token may charge. */
import { hashTag } from '../../../model/identity.ts';
import type { Answer, MessageOf } from '../messages.ts';
import type { Station } from '../station/station.ts';
import type { Authorization, Authorizer } from './authorize.ts';

/** Decides about an id token, and reports the decision. */
export const onAuthorize = (
  station: Station,
  authorizer: Authorizer,
  { token }: MessageOf<'authorize'>,
): Answer | Promise<Answer> => {
  const answer = (authorization: Authorization): Answer => {
    const data = { id_tag: hashTag(token.id), status: authorization };
    station.event({ name: 'authorized', severity: 'info', data });
    return { authorization };
  };
  const authorization = authorizer.decide(token);
  return authorization instanceof Promise ? authorization.then(answer) : answer(authorization);
};
