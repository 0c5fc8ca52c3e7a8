/** The calls that a station has rejected or not answered lately, for people who look for the reason of something. */
import type { Clock } from '../../../model/time.ts';
import type { StationRequest } from '../messages.ts';

export interface RejectedCall {
  /** ms since 1970, the last time. */
  at: number;
  times: number;
  /** In our words: "set_profile tx_default absolute, stack level 8, A". */
  asked: string;
  /** In its own, or that it was silent. */
  answer: string;
}

/** Older ones are forgotten. */
const most = 20;
/** In characters. */
const longestText = 200;

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

/** The newest first. */
export class RejectedCalls {
  private readonly list: RejectedCall[] = [];
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** @param answer the station's own words */
  note(request: StationRequest, answer: string): void {
    const { list, clock } = this;
    const asked = wordsOf(request).slice(0, longestText);
    const short = answer.slice(0, longestText);
    const known = list.findIndex((each) => each.asked === asked && each.answer === short);
    const [before] = known < 0 ? [] : list.splice(known, 1);
    list.unshift({ at: clock.now(), times: (before?.times ?? 0) + 1, asked, answer: short });
    list.length = Math.min(list.length, most);
  }

  all(): RejectedCall[] {
    return this.list;
  }
}
