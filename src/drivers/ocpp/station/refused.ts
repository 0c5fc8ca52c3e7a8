/** What a station has refused, or not answered, lately: for people who look for the reason of something. */
import type { Clock } from '../../../model/time.ts';
import { CallFailure } from '../link/link.ts';
import type { StationRequest } from '../words.ts';
import type { Asker } from './asking.ts';

export interface Refused {
  /** ms since 1970, the last time. */
  at: number;
  times: number;
  /** In our words: "set_profile tx_default absolute, stack level 8, A". */
  asked: string;
  /** In its own, or that it was silent. */
  answer: string;
}

const most = 20;

const wordsOf = (request: StationRequest): string => {
  switch (request.kind) {
    case 'set_profile': {
      const { purpose, kind, stackLevel, unit } = request.profile;
      return `set_profile ${purpose} ${kind}, stack level ${stackLevel}, ${unit}`;
    }
    case 'set_variables':
      return `set_variables ${request.variables.map(({ name }) => name).join(', ')}`;
    case 'trigger':
      return `trigger ${request.message}`;
    default:
      return request.kind;
  }
};

/** @returns the same asker, and what was refused through it, the newest first */
export const rememberRefusals = (asker: Asker, clock: Clock): { asker: Asker; refused(): Refused[] } => {
  const list: Refused[] = [];

  const note = (request: StationRequest, answer: string): void => {
    const asked = wordsOf(request).slice(0, 200);
    const known = list.findIndex((each) => each.asked === asked && each.answer === answer);
    const [before] = known < 0 ? [] : list.splice(known, 1);
    list.unshift({ at: clock.now(), times: (before?.times ?? 0) + 1, asked, answer });
    list.length = Math.min(list.length, most);
  };

  return {
    asker: {
      ...asker,
      async ask(request, options) {
        try {
          const result = await asker.ask(request, options);
          if (result.status === 'rejected' || result.status === 'not_supported')
            note(request, result.raw.slice(0, 200));
          return result;
        } catch (error) {
          if (error instanceof CallFailure && (error.kind === 'error' || error.kind === 'timeout'))
            note(request, [error.code, error.message].filter(Boolean).join(': ').slice(0, 200));
          throw error;
        }
      },
    },
    refused: () => list,
  };
};
