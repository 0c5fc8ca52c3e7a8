/** The status of EVSEs that have not reported one: asked for by a trigger, or read from their variables. */
import { connectorStatusOf } from '../codec/connector-status.ts';
import type { StationRequest, StationResult } from '../messages.ts';
import type { Station } from '../station/station.ts';

type Send = (request: StationRequest) => Promise<StationResult | undefined>;

const silentEvses = (station: Station): number[] => {
  const known = station.evseIds();
  return (known.length > 0 ? known : [1]).filter(
    (evse) => (station.evses.find(evse)?.status ?? 'unknown') === 'unknown',
  );
};

/** OCPP 2.0.1 part 2, G01: where an EVSE does not report its status, its variable AvailabilityState holds it. */
const readStatus = async (station: Station, evse: number, send: Send): Promise<void> => {
  const name = 'AvailabilityState';
  const variables = [
    { name: `Connector.${name}`, evse, connector: 1 },
    { name: `EVSE.${name}`, evse },
  ];
  const told = (await send({ kind: 'get_variables', variables }))?.variables ?? [];
  for (const { value = '' } of told) {
    const status = connectorStatusOf(value);
    if (status === undefined) continue;
    void station.on({ kind: 'status', evse, status, raw: value, at: undefined });
    return;
  }
};

/**
 * OCPP 1.6: all connectors at once; OCPP 2.0.1 part 2, F06.FR.12: each EVSE.
 * @param isTriggered the station takes triggers
 * @param send resolves with undefined where the station is silent
 */
export const askForStatus = async (station: Station, isTriggered: boolean, send: Send): Promise<void> => {
  const silent = silentEvses(station);
  if (station.calls.version() === '1.6') {
    if (silent.length > 0 && isTriggered) await send({ kind: 'trigger', message: 'status' });
    return;
  }
  for (const evse of silent) {
    const result = await send({ kind: 'trigger', message: 'status', evse });
    if (result?.status !== 'accepted') await readStatus(station, evse, send);
  }
};
