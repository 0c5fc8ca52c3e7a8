/** What is wrong for a while: said once when it begins, or changes, and once when it is over. */
import type { DriverEvent } from '../../driver.ts';
import type { StationEvent } from '../words.ts';

export interface Alarms {
  /** @param message undefined: it is over */
  set(evse: number, name: string, severity: DriverEvent['severity'], message: string | undefined): void;
  /** From a status: what is broken, and what is only worth a warning. */
  fault(event: Extract<StationEvent, { kind: 'status' }>): void;
}

export const componentOf = (evse: number | undefined): NonNullable<DriverEvent['component']> => ({
  type: 'ev_charger',
  ...(evse === undefined || evse === 0 ? {} : { index: evse }),
});

const noFault = /^(no ?error)?$/i;

export const createAlarms = (tell: (event: DriverEvent) => void): Alarms => {
  const active = new Map<string, string>();

  const set: Alarms['set'] = (evse, name, severity, message) => {
    if (message === undefined && active.size === 0) return;
    const key = `${evse} ${name}`;
    if (active.get(key) === message) return;
    const component = componentOf(evse);
    if (message === undefined) {
      active.delete(key);
      tell({ component, name, severity, state: 'cleared' });
      return;
    }
    active.set(key, message);
    tell({ component, name, severity, state: 'active', message: message.slice(0, 1024) });
  };

  return {
    set,
    fault({ evse, status, errorCode = '', vendorErrorCode, info }) {
      const code = noFault.test(errorCode) ? '' : errorCode;
      const words = [code, vendorErrorCode, info].filter(Boolean).join(', ') || 'no reason given';
      set(evse, 'charger_fault', 'alarm', status === 'faulted' ? words : undefined);
      set(evse, 'charger_warning', 'warning', status !== 'faulted' && code !== '' ? words : undefined);
    },
  };
};
