/**
 * Many stations in a process of their own, as bare WebSockets with OCPP 1.6: each charges, within the limit
 * it was told, and tells ten samples at times or as fast as it is answered. Words: URL up to the number, how many.
 */
import WebSocket from 'ws';

/** Orders to the process. */
export type StationsOrder =
  /** everyMs 0: as fast as they are answered; undefined: no more. */
  | { tell: { everyMs: number | undefined } }
  /** A station that answers no call from now on. */
  | { silence: number }
  /** Never waits for an event: what it costs a server to wake a process on the same machine is none of its work. */
  | { stayAwake: boolean }
  | { count: true };

export interface StationsCount {
  /** Meter values that were answered. */
  answered: number;
  /** Calls that were heard, and all that are open are answered. */
  calls: number;
}

/** A limit reached a station. */
export interface LimitHeard {
  station: number;
  limit: number;
  /** CLOCK_MONOTONIC, which all processes share, ns. */
  atNs: string;
}

const [url = '', words = '0'] = process.argv.slice(2);
const count = Number(words);
let answered = 0;
let calls = 0;
let everyMs: number | undefined;

/** L1 to L3 of current and voltage, power, energy, offer and state of charge, with digits that change. */
const meterValues = (id: string, nth: number, limitA: number): string => {
  const amps = (limitA - (nth % 10) / 10).toFixed(1);
  const sample = (measurand: string, value: string, unit: string, phase?: string): string =>
    `{"value":"${value}","context":"Sample.Periodic","measurand":"${measurand}"${phase ? `,"phase":"${phase}"` : ''},"unit":"${unit}"}`;
  const phases = ['L1', 'L2', 'L3'];
  const samples = [
    ...phases.map((phase) => sample('Current.Import', amps, 'A', phase)),
    ...phases.map((phase) => sample('Voltage', (229 + (nth % 20) / 10).toFixed(1), 'V', `${phase}-N`)),
    sample('Power.Active.Import', String(Math.round(Number(amps) * 690)), 'W'),
    sample('Energy.Active.Import.Register', String(1_000_000 + nth), 'Wh'),
    sample('Current.Offered', String(limitA), 'A'),
    sample('SoC', String(40 + (nth % 40)), 'Percent'),
  ];
  const timestamp = new Date().toISOString();
  return `[2,"${id}","MeterValues",{"connectorId":1,"transactionId":1,"meterValue":[{"timestamp":"${timestamp}","sampledValue":[${samples}]}]}]`;
};

interface Station {
  tell(): void;
  isSilent: boolean;
}

const limitOf = (payload: Record<string, unknown>): number | undefined => {
  const { csChargingProfiles } = payload as {
    csChargingProfiles?: { chargingSchedule: { chargingSchedulePeriod: { limit: number }[] } };
  };
  return csChargingProfiles?.chargingSchedule.chargingSchedulePeriod[0]?.limit;
};

const connect = (nth: number): Promise<Station> =>
  new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url}${nth}`, ['ocpp1.6'], { perMessageDeflate: false });
    let told = 0;
    let isWaiting = false;
    let limitA = 16;
    const send = (frame: unknown): void => socket.send(JSON.stringify(frame));
    const station: Station = {
      isSilent: false,
      tell() {
        if (isWaiting) return;
        isWaiting = true;
        told++;
        socket.send(meterValues(`m${told}`, told, limitA));
      },
    };
    socket.on('error', reject);
    socket.on('open', () => {
      send([2, 'boot', 'BootNotification', { chargePointVendor: 'Bench', chargePointModel: 'Box' }]);
      const status = { connectorId: 1, errorCode: 'NoError', status: 'Charging', timestamp: new Date().toISOString() };
      send([2, 'status', 'StatusNotification', status]);
      resolve(station);
    });
    socket.on('message', (data) => {
      const text = data.toString();
      if (text.startsWith('[3')) {
        if (!text.startsWith('"m', 3)) return;
        isWaiting = false;
        answered++;
        if (everyMs === 0) station.tell();
        return;
      }
      const [type, id, action, payload] = JSON.parse(text);
      if (type !== 2 || id === 'boot' || id === 'status') return;
      calls++;
      const limit = action === 'SetChargingProfile' ? limitOf(payload) : undefined;
      if (limit !== undefined) {
        limitA = limit;
        process.send?.({ station: nth, limit, atNs: String(process.hrtime.bigint()) } satisfies LimitHeard);
      }
      if (station.isSilent) return;
      send([3, id, action === 'GetConfiguration' ? { configurationKey: [] } : { status: 'Accepted' }]);
    });
  });

const stations: Station[] = [];
// A few at a time: a thousand handshakes at once are another benchmark.
for (let nth = 0; nth < count; nth += 50)
  stations.push(...(await Promise.all(Array.from({ length: Math.min(50, count - nth) }, (_, i) => connect(nth + i)))));

let ticking: NodeJS.Timeout | undefined;
const tellAll = (): void => {
  clearInterval(ticking);
  ticking = undefined;
  if (everyMs === undefined) return;
  if (everyMs === 0) {
    for (const station of stations) station.tell();
    return;
  }
  // Evenly over the interval.
  const tickMs = 20;
  const perTick = (stations.length * tickMs) / everyMs;
  let due = 0;
  let next = 0;
  ticking = setInterval(() => {
    for (due += perTick; due >= 1; due--) stations[next++ % stations.length]?.tell();
  }, tickMs);
};

let isAwake = false;
const stayAwake = (): void => {
  if (isAwake) setImmediate(stayAwake);
};

process.on('message', (order: StationsOrder) => {
  if ('tell' in order) {
    everyMs = order.tell.everyMs;
    tellAll();
  } else if ('silence' in order) {
    const station = stations[order.silence];
    if (station) station.isSilent = true;
  } else if ('stayAwake' in order) {
    isAwake = order.stayAwake;
    stayAwake();
  } else process.send?.({ answered, calls } satisfies StationsCount);
});
process.on('disconnect', () => process.exit(0));
process.send?.(count);
