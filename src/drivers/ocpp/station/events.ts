/** What a charging station tells, event by event: answered at once, and told on as samples and events. */
import { hashTag } from '../../../model/identity.ts';
import type { Decision, StationEvent } from '../words.ts';
import { setFault } from './alarms.ts';
import { authorize, takeStart, takeUpdate } from './charging.ts';
import { takeEnd } from './charging-ends.ts';
import { connectorOf, placeOf } from './connectors.ts';
import { putRight } from './factors.ts';
import { detach, loseAll } from './lost-ends.ts';
import { type Facts, isOtherStation } from './memory.ts';
import { takePlug, takeSession } from './plug.ts';
import { readRegisterUnits } from './register-units.ts';
import { judge, takeMeterValues } from './sampling.ts';
import { type EventOf, flush, type Station, tellEnded } from './station.ts';
import { tidingOf } from './tidings.ts';

const takeStatus = (station: Station, event: EventOf<'status'>): void => {
  const { evse, connector: plug, status } = event;
  const own = connectorOf(station.connectors, evse);
  if (plug !== undefined) own.plug = plug;
  if (evse !== 0 && status === 'available') {
    own.availableAt = judge(station, event.at, false).at;
    detach(station.book, evse, own.availableAt);
    takeSession(own, undefined);
  }
  takePlug(own, event);
  setFault(station.alarms, event);
  station.sink.moved(evse);
};

const stationName = ({ vendor, model, serial }: NonNullable<Facts['boot']>): string =>
  [`${vendor} ${model}`, serial].filter(Boolean).join(', ');

/** Its sessions end with it: the register of the next one is another. */
const replace = (station: Station, before: NonNullable<Facts['boot']>, now: NonNullable<Facts['boot']>): void => {
  const { memory, sink, book, connectors, clock } = station;
  memory.beginAnew(now);
  sink.event({
    name: 'station_replaced',
    severity: 'warning',
    data: { before: stationName(before), now: stationName(now) },
  });
  for (const session of loseAll(book, clock.now())) tellEnded(station, session);
  for (const evse of connectors.numbers) takeSession(connectorOf(connectors, evse), undefined);
};

const takeBoot = (station: Station, event: EventOf<'boot'>): Decision => {
  const { memory, sink, heartbeatS } = station;
  const { vendor, model, serial, firmware, meterSerial } = event;
  const boot = {
    vendor,
    model,
    ...(serial && { serial }),
    ...(firmware && { firmware }),
    ...(meterSerial && { meterSerial }),
  };
  const { boot: before } = memory.facts;
  if (before && isOtherStation(before, boot)) replace(station, before, boot);
  else memory.note({ boot });
  sink.described();
  return { registration: 'accepted', intervalS: heartbeatS };
};

const decide = (station: Station, event: StationEvent): Decision | Promise<Decision> => {
  const { sink, book } = station;
  switch (event.kind) {
    case 'boot':
      return takeBoot(station, event);
    case 'status':
      takeStatus(station, event);
      return {};
    case 'authorize':
      return (
        authorize(station, event.token, false, (authorization) => {
          const data = { id_tag: hashTag(event.token.id), status: authorization };
          sink.event({ name: 'authorized', severity: 'info', data });
          return { authorization };
        }) ?? {}
      );
    case 'transaction_started':
      return takeStart(station, event);
    case 'transaction_updated':
      return takeUpdate(station, event);
    case 'transaction_ended':
      return takeEnd(station, event);
    case 'meter_values':
      takeMeterValues(station, event);
      return {};
    case 'variables':
      // 2.x: some say by an event what others say by their status.
      for (const state of event.statuses ?? []) takeStatus(station, { kind: 'status', ...state });
      return {};
    case 'schedule_pull': {
      const limit = sink.inForce(event.profile);
      return limit === undefined ? {} : { limit };
    }
    case 'profiles':
      sink.profiles(event);
      return {};
    case 'security_event':
    case 'charging_limit':
    case 'priority_charging':
      sink.event(tidingOf(event, (transaction) => book.sessions.get(transaction)?.evse));
      return {};
    case 'data_transfer':
      // Some repeat what they have to say until it is accepted.
      return { isVendorKnown: true };
    default:
      return {};
  }
};

/** The EVSE of an event that has samples, as far as it is known. */
const placeOfSamples = ({ book, connectors }: Station, event: EventOf<SampledKind>): number => {
  const transaction = 'transaction' in event ? book.sessions.get(event.transaction ?? '') : undefined;
  return placeOf(connectors, event.evse ?? transaction?.evse);
};

type SampledKind = 'meter_values' | 'transaction_started' | 'transaction_updated' | 'transaction_ended';

/** With the registers in the unit that is meant. */
const withUnits = (station: Station, event: StationEvent): StationEvent => {
  if (!('samples' in event)) return event;
  const evse = placeOfSamples(station, event);
  if (evse === 0) return event;
  const own = connectorOf(station.connectors, evse);
  const { registerWh, registerAt } = own.gate;
  const { last, lastAt } = own.session?.register ?? {};
  const reading = Number.isNaN(registerWh)
    ? last !== undefined && { wh: last, at: lastAt }
    : { wh: registerWh, at: registerAt };
  return readRegisterUnits(own, event, reading || undefined, station.sink.odd);
};

/** @throws CallFailure where the station has to tell it again */
export const takeEvent = (station: Station, event: StationEvent): Decision | Promise<Decision> => {
  const { factors } = station.quirks();
  const decision = decide(station, withUnits(station, factors ? putRight(event, factors) : event));
  flush(station);
  return decision;
};
