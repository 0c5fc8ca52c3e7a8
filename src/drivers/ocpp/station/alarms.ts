/** What is wrong for a while: said once when it begins, or changes, and once when it is over. */
import type { DriverEvent } from '../../driver.ts';
import type { StationEvent } from '../words.ts';

export interface Alarms {
  tell(event: DriverEvent): void;
  /** Messages by what they are about; most stations never have one. */
  active: Map<string, string> | undefined;
}

export const componentOf = (evse: number | undefined): NonNullable<DriverEvent['component']> => ({
  type: 'ev_charger',
  ...(evse === undefined || evse === 0 ? {} : { index: evse }),
});

const noFault = /^(no ?error)?$/i;

export const createAlarms = (tell: (event: DriverEvent) => void): Alarms => ({ tell, active: undefined });

/** @param message undefined: it is over */
export const setAlarm = (
  alarms: Alarms,
  evse: number,
  name: string,
  severity: DriverEvent['severity'],
  message: string | undefined,
): void => {
  if (message === undefined && alarms.active === undefined) return;
  const key = `${evse} ${name}`;
  if (alarms.active?.get(key) === message) return;
  const component = componentOf(evse);
  if (message === undefined) {
    alarms.active?.delete(key);
    alarms.tell({ component, name, severity, state: 'cleared' });
    return;
  }
  alarms.active ??= new Map();
  alarms.active.set(key, message);
  alarms.tell({ component, name, severity, state: 'active', message: message.slice(0, 1024) });
};

/** From a status: what is broken, and what is only worth a warning. */
export const setFault = (alarms: Alarms, event: Extract<StationEvent, { kind: 'status' }>): void => {
  const { evse, status, errorCode = '', vendorErrorCode, info } = event;
  const code = noFault.test(errorCode) ? '' : errorCode;
  const words = [code, vendorErrorCode, info].filter(Boolean).join(', ') || 'no reason given';
  setAlarm(alarms, evse, 'charger_fault', 'alarm', status === 'faulted' ? words : undefined);
  setAlarm(alarms, evse, 'charger_warning', 'warning', status !== 'faulted' && code !== '' ? words : undefined);
};
