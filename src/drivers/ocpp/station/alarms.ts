/** Alarms of one station: reported once when they begin, or their message changes, and once when they are over. */
import type { DriverEvent, DriverSink } from '../../driver.ts';
import type { StationMessage } from '../messages.ts';

/** The subject of an alarm. */
export interface AlarmKey {
  /** 0: the station as a whole. */
  evse: number;
  name: string;
  severity: DriverEvent['severity'];
}

/** The component of an EVSE in events. @param evse 0 or undefined: the station as a whole */
export const componentOf = (evse: number | undefined): NonNullable<DriverEvent['component']> => ({
  type: 'ev_charger',
  ...(evse === undefined || evse === 0 ? {} : { index: evse }),
});

const noFault = /^(no ?error)?$/i;
/** Longest message, in characters. */
const longestMessage = 1024;

/** The alarms of one station that are active. */
export class Alarms {
  private readonly sink: Pick<DriverSink, 'event'>;
  /** Messages by what they are about; most stations never have one. */
  private active: Map<string, string> | undefined;

  constructor(sink: Pick<DriverSink, 'event'>) {
    this.sink = sink;
  }

  /** @param message undefined: the alarm is over */
  set({ evse, name, severity }: AlarmKey, message: string | undefined): void {
    if (message === undefined && this.active === undefined) return;
    const key = `${evse} ${name}`;
    if (this.active?.get(key) === message) return;
    const component = componentOf(evse);
    if (message === undefined) {
      this.active?.delete(key);
      this.sink.event({ component, name, severity, state: 'cleared' });
      return;
    }
    this.active ??= new Map();
    this.active.set(key, message);
    this.sink.event({ component, name, severity, state: 'active', message: message.slice(0, longestMessage) });
  }

  /** Alarms and warnings that follow from a status and its error code. */
  setFault(message: Extract<StationMessage, { kind: 'status' }>): void {
    const { evse, status, errorCode = '', vendorErrorCode, info } = message;
    const code = noFault.test(errorCode) ? '' : errorCode;
    const words = [code, vendorErrorCode, info].filter(Boolean).join(', ') || 'no reason given';
    const isFaulted = status === 'faulted';
    this.set({ evse, name: 'charger_fault', severity: 'alarm' }, isFaulted ? words : undefined);
    this.set({ evse, name: 'charger_warning', severity: 'warning' }, !isFaulted && code !== '' ? words : undefined);
  }
}
