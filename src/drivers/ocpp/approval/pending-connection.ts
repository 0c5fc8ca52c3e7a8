/**
 * A station that is not approved yet: it is answered, so that it stays, and nothing it says counts. Told Pending at
 * its boot (OCPP 1.6 §4.2, 2.0.1 B02); whoever never boots may not charge all the same. In 2.x all but the boot is
 * refused (2.0.1 B02, B03): what it has to tell of transactions it keeps for later.
 */
import type { Clock, Timer } from '../../../model/time.ts';
import type { Codec } from '../codec/codec.ts';
import type { Answer, StationMessage, Version } from '../messages.ts';
import { CallFailure, type StationHandler, type StationLink } from '../ocpp-j/station-link.ts';
import { createReason, sentenceOf } from '../security/rejection-reasons.ts';
import type { PendingStation, PendingStations } from './pending-stations.ts';

export interface PendingConnection extends StationHandler {
  /** Rejects the station at its next boot, for which it is asked, and closes its connection. */
  reject(): void;
  /** Accepts the station and asks it to boot, since it was told to wait for its next boot. */
  spare(): void;
}

/** Until the next boot, s. */
const pendingIntervalS = 60;
const rejectedIntervalS = 300;
/** For a station that is refused to boot once more, ms. */
const bootPatienceMs = 10_000;
/** For the answer to leave, ms. */
const answerMs = 1000;

/** OCPP-J §3.4: a policy is violated. */
const policyViolation = 1008;

interface PendingConnectionOptions {
  codecOf(version: Version): Codec;
  clock: Clock;
  /** Told when there is something new to be seen of the station. */
  changed(station: PendingStation): void;
}

/** Answers a station that nobody has approved, and keeps what it says of itself in the list. */
export const createPendingConnection = (
  pending: PendingStations,
  { codecOf, clock, changed }: PendingConnectionOptions,
): PendingConnection => {
  let link: StationLink | undefined;
  let isRejected = false;
  let end: Timer | undefined;
  /** 1.6 wants a number for a transaction; none of these ever means anything. */
  let transaction = 0;

  const tell = (): void => {
    const station = pending.list().find(({ identity }) => identity === link?.identity);
    if (station) changed(station);
  };

  const decide = (event: StationMessage): Answer => {
    switch (event.kind) {
      case 'boot':
        return isRejected
          ? { registration: 'rejected', intervalS: rejectedIntervalS }
          : { registration: 'pending', intervalS: pendingIntervalS };
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

  /** OCPP 1.6 §5.17, 2.0.1 F06: a station that waits may be asked to boot. */
  const askForBoot = async (line: StationLink): Promise<boolean> => {
    const codec = codecOf(line.version);
    const request = { kind: 'trigger', message: 'boot' } as const;
    const { action, payload } = codec.encode(request);
    const answer = await line.call(action, payload, { timeoutMs: bootPatienceMs });
    return codec.decodeResult(request, answer).status === 'accepted';
  };

  const showOut = (line: StationLink, inMs: number): void => {
    end?.cancel();
    end = clock.after(inMs, () => line.close(policyViolation, sentenceOf(createReason('by_hand'))));
  };

  return {
    connected(next) {
      link = next;
      const arrival = pending.arrived(next.identity, next.version, next.peer);
      if (arrival === 'full') next.close(policyViolation, 'too many stations wait for approval');
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
      if (event.kind === 'boot' && isRejected) showOut(link, answerMs);
      else if (event.kind === 'boot') {
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
    reject() {
      isRejected = true;
      if (!link) return;
      const line = link;
      showOut(line, bootPatienceMs);
      askForBoot(line)
        .catch(() => false)
        .then((boots) => {
          if (!boots && isRejected) showOut(line, 0);
        });
    },
    spare() {
      isRejected = false;
      end?.cancel();
      if (link) askForBoot(link).catch(() => {});
    },
  };
};
