/**
 * A station that is not approved yet: it is answered, so that it stays, and nothing it says counts. Told Pending at
 * its boot (OCPP 1.6 §4.2, 2.0.1 B02); whoever never boots may not charge all the same. In 2.x all but the boot is
 * refused (2.0.1 B02, B03): what it has to tell of transactions it keeps for later.
 */
import type { Clock } from '../../../model/time.ts';
import type { Codec } from '../codec/codec.ts';
import { CallFailure, type StationHandler, type StationLink } from '../link/link.ts';
import type { Decision, StationEvent, Version } from '../words.ts';
import type { PendingList, PendingStation } from './pending.ts';

/** Until the next boot, s. */
const pendingIntervalS = 60;

/** @param changed there is something new to be seen of it */
export const createWaitingRoom = (
  pending: PendingList,
  codecOf: (version: Version) => Codec,
  clock: Clock,
  changed: (station: PendingStation) => void,
): StationHandler => {
  let link: StationLink | undefined;
  /** 1.6 wants a number for a transaction; none of these ever means anything. */
  let transaction = 0;

  const tell = (): void => {
    const station = pending.list().find(({ identity }) => identity === link?.identity);
    if (station) changed(station);
  };

  const decide = (event: StationEvent): Decision => {
    switch (event.kind) {
      case 'boot':
        return { registration: 'pending', intervalS: pendingIntervalS };
      case 'transaction_started':
        return { transaction: ++transaction, authorization: 'invalid' };
      case 'authorize':
      case 'transaction_updated':
      case 'transaction_ended':
        return { authorization: 'invalid' };
      default:
        return {};
    }
  };

  return {
    connected(next) {
      link = next;
      const arrival = pending.arrived(next.identity, next.version, next.peer);
      // OCPP-J §3.4: a policy is violated.
      if (arrival === 'full') next.close(1008, 'too many stations wait for approval');
      else tell();
    },
    called(action, payload) {
      if (!link) throw new CallFailure('offline', 'not connected');
      if (link.version !== '1.6' && action !== 'BootNotification')
        throw new CallFailure('error', 'the station is not accepted yet', 'SecurityError');
      const codec = codecOf(link.version);
      const decoded = codec.decode(action, payload, clock.now());
      if (!decoded.ok) throw new CallFailure('error', decoded.reason, decoded.code);
      const { event } = decoded;
      if (event.kind === 'boot') {
        const { vendor, model, serial, firmware } = event;
        const facts = { vendor, model, ...(serial && { serial }), ...(firmware && { firmware }) };
        pending.told(link.identity, facts);
        tell();
      }
      return codec.reply(event, decide(event), clock.now());
    },
    disconnected() {
      link = undefined;
    },
  };
};
