/**
 * Our own CSMS on a free port of loopback, without a driver behind it: for tests of handshakes, passwords and OCPP-J.
 * Stations that dial it: raw-station.ts. With a driver and a bridge behind it: scripted-station.ts.
 */
import { type Csms, type CsmsOptions, startCsms } from '../../../src/drivers/ocpp/csms.ts';
import type { StationHandler, StationLink, StationSettings } from '../../../src/drivers/ocpp/ocpp-j/station-link.ts';
import { Passwords } from '../../../src/drivers/ocpp/security/passwords.ts';
import type { Clock } from '../../../src/model/time.ts';
import { systemClock } from '../../../src/shell/clock.ts';

export const passwords = new Passwords(Buffer.alloc(32, 7));

/** A handler that keeps what it is told; answers with what the call said. */
export interface Recorder extends StationHandler {
  links: StationLink[];
  calls: [action: string, payload: unknown][];
  ends: string[];
}

export const createRecorder = (called?: StationHandler['called']): Recorder => {
  const recorder: Recorder = {
    links: [],
    calls: [],
    ends: [],
    connected: (link) => recorder.links.push(link),
    called(action, payload) {
      recorder.calls.push([action, payload]);
      return called ? called(action, payload) : { action };
    },
    disconnected: (reason) => recorder.ends.push(reason),
  };
  return recorder;
};

export const openSettings: StationSettings = { versions: ['2.1', '2.0.1', '1.6'], security: 0 };

export type TestCsms = Csms & {
  /** Reports of the CSMS, as "identity: words". */
  reports: string[];
  url(identity?: string): string;
};

export const startTestCsms = async (
  options: Partial<CsmsOptions> = {},
  clock: Clock = systemClock,
): Promise<TestCsms> => {
  const reports: string[] = [];
  const listeners = [{ host: '127.0.0.1', port: 0 }];
  const report = (identity: string, what: string): void => void reports.push(`${identity}: ${what}`);
  const limits = { refusalMs: 0, ...options.limits };
  const csms = await startCsms({ listeners, passwords, report, ...options, limits }, clock);
  const scheme = options.listeners?.[0]?.tls ? 'wss' : 'ws';
  const url = (identity = 'CP1'): string => `${scheme}://127.0.0.1:${csms.ports[0]}/ocpp/${identity}`;
  return Object.assign(csms, { reports, url });
};
