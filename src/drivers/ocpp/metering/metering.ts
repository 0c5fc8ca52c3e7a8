/** The metering block (OCPP 2.0.1 part 2, block J). */
import type { Block } from '../block.ts';
import type { Answer, MessageOf, StationMessage } from '../messages.ts';
import type { Station } from '../station/station.ts';
import { onMeterValues } from './on-meter-values.ts';
import { readRegisterUnits, scaleValues } from './scaling.ts';

type Metered = MessageOf<'meter_values' | 'transaction_started' | 'transaction_updated' | 'transaction_ended'>;

/** The EVSE of a message with meter values; 0: not known. */
const evseOf = ({ transactions, evses }: Station, message: Metered): number => {
  const transaction = 'transaction' in message ? transactions.byId.get(message.transaction ?? '') : undefined;
  return evses.placeOf(message.evse ?? transaction?.evse);
};

/** The message with its registers in the unit that is meant. */
const withUnits = (station: Station, message: StationMessage): StationMessage => {
  if (!('meterValues' in message)) return message;
  const id = evseOf(station, message);
  if (id === 0) return message;
  const evse = station.evse(id);
  const { registerWh, registerAt } = evse.plausibility;
  const { last, lastAt } = evse.transaction?.register ?? {};
  const reading = Number.isNaN(registerWh)
    ? last !== undefined && { wh: last, at: lastAt }
    : { wh: registerWh, at: registerAt };
  return readRegisterUnits(evse, message, { last: reading || undefined, note: (what) => station.deviated(what) });
};

/** The metering block of one station. */
export class Metering implements Block {
  private readonly station: Station;

  constructor(station: Station) {
    this.station = station;
  }

  /** All blocks hear values that were scaled as the preset or the form says, and registers in Wh. */
  interpret(message: StationMessage): StationMessage {
    const { factors } = this.station.quirks();
    return withUnits(this.station, factors ? scaleValues(message, factors) : message);
  }

  onMeterValues(message: MessageOf<'meter_values'>): Answer {
    onMeterValues(this.station, message);
    return {};
  }

  /** States that do not change, and zeros that nobody measures at rest, are told again. */
  tick(): void {
    for (const evse of this.station.evses.all) evse.tick();
    this.station.flush();
  }
}
