/** BootNotification (OCPP 1.6 §4.2; OCPP 2.0.1 part 2, block B): what the station is. */
import type { Answer, MessageOf } from '../messages.ts';
import { concludeAll } from '../station/lost-transactions.ts';
import type { Station } from '../station/station.ts';
import type { StationFacts } from '../station/station-facts.ts';

type Identification = NonNullable<StationFacts['boot']>;

/** Whether somebody has put another station in the place of the one before. */
const isOtherStation = (before: Identification, now: Identification): boolean => {
  if (before.serial !== undefined && now.serial !== undefined) return before.serial !== now.serial;
  return before.vendor !== now.vendor || before.model !== now.model;
};

const stationName = ({ vendor, model, serial }: Identification): string =>
  [`${vendor} ${model}`, serial].filter(Boolean).join(', ');

/** Another station stands there now: transactions end with the one before, since the register of the next is another. */
const replace = (station: Station, before: Identification, now: Identification): void => {
  const { factStore, transactions, clock } = station;
  factStore.reset(now);
  station.event({
    name: 'station_replaced',
    severity: 'warning',
    data: { before: stationName(before), now: stationName(now) },
  });
  for (const transaction of concludeAll(transactions, clock.now())) station.reports.ended(transaction);
  for (const evse of station.evseIds()) station.evse(evse).setTransaction(undefined);
};

/** Notes what the station is, and accepts it. */
export const onBootNotification = (station: Station, message: MessageOf<'boot'>): Answer => {
  const { factStore, options } = station;
  const { vendor, model, serial, firmware, meterSerial } = message;
  const boot = {
    vendor,
    model,
    ...(serial && { serial }),
    ...(firmware && { firmware }),
    ...(meterSerial && { meterSerial }),
  };
  const { boot: before } = factStore.facts;
  if (before && isOtherStation(before, boot)) replace(station, before, boot);
  else factStore.note({ boot });
  station.described();
  return { registration: 'accepted', intervalS: options.heartbeatS };
};
