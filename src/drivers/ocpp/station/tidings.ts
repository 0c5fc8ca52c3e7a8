/** What a station only tells, and only has to be told on. */
import type { DriverEvent } from '../../driver.ts';
import type { StationEvent } from '../words.ts';
import { componentOf } from './alarms.ts';

type Tiding = Extract<StationEvent, { kind: 'security_event' | 'charging_limit' | 'priority_charging' }>;

/** @param evseOf where a transaction runs */
export const tidingOf = (event: Tiding, evseOf: (transaction: string) => number | undefined): DriverEvent => {
  switch (event.kind) {
    case 'security_event':
      return {
        name: 'security_event',
        severity: 'warning',
        code: event.type.slice(0, 256),
        ...(event.info && { message: event.info.slice(0, 1024) }),
      };
    case 'charging_limit':
      return {
        component: componentOf(event.evse),
        name: 'foreign_limit',
        severity: 'warning',
        state: event.isCleared ? 'cleared' : 'active',
        message: `limited by ${event.source}`,
      };
    case 'priority_charging':
      return {
        component: componentOf(evseOf(event.transaction)),
        name: 'priority_charging',
        severity: 'warning',
        state: event.isActive ? 'active' : 'cleared',
        ...(event.isActive && { message: 'it goes before the limits from here' }),
      };
  }
};
