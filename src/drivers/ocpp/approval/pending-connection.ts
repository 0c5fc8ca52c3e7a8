/**
 * A station that is not approved yet: it is answered, so that it stays, and nothing it says counts. Told Pending at
 * its boot (OCPP 1.6 §4.2, 2.0.1 B02); whoever never boots may not charge all the same. In 2.x all but the boot is
 * refused (2.0.1 B02, B03): what it has to tell of transactions it keeps for later.
 */
import type { Clock, Timer } from '../../../model/time.ts';
import type { Codec } from '../codec/codec.ts';
import type { Answer, StationMessage, Version } from '../messages.ts';
import { closeCode } from '../ocpp-j/close-codes.ts';
import { CallFailure, type StationHandler, type StationLink } from '../ocpp-j/station-link.ts';
import { createReason, sentenceOf } from '../security/rejection-reasons.ts';
import type { PendingStation, PendingStations } from './pending-stations.ts';

/** Until the next boot, s. */
const pendingIntervalS = 60;
const rejectedIntervalS = 300;
/** For a station that is refused to boot once more, ms. */
const bootPatienceMs = 10_000;
/** For the answer to leave, ms. */
const answerMs = 1000;

interface PendingConnectionOptions {
  codecOf(version: Version): Codec;
  clock: Clock;
  /** Told when there is something new to be seen of the station. */
  changed(station: PendingStation): void;
}

/** OCPP 1.6 §5.17, 2.0.1 F06: a station that waits may be asked to boot. */
const bootTrigger = { kind: 'trigger', message: 'boot' } as const;

/** Answers a station that nobody has approved, and keeps what it says of itself in the list. */
export class PendingConnection implements StationHandler {
  private readonly pending: PendingStations;
  private readonly options: PendingConnectionOptions;
  private link: StationLink | undefined;
  private isRejected = false;
  /** Closes the connection of a station that was rejected. */
  private closing: Timer | undefined;
  /** 1.6 wants a number for a transaction; none of these ever means anything. */
  private transaction = 0;

  constructor(pending: PendingStations, options: PendingConnectionOptions) {
    this.pending = pending;
    this.options = options;
  }

  connected(link: StationLink): void {
    this.link = link;
    const arrival = this.pending.arrived(link.identity, link.version, link.peer);
    if (arrival === 'full') link.close(closeCode.policyViolation, 'too many stations wait for approval');
    else this.tell();
  }

  called(action: string, payload: unknown): object {
    const { link } = this;
    const { codecOf, clock } = this.options;
    if (!link) throw new CallFailure('offline', 'not connected');
    if (link.version !== '1.6' && action !== 'BootNotification')
      throw new CallFailure('error', 'the station is not accepted yet', 'SecurityError');
    const codec = codecOf(link.version);
    const decoded = codec.decode(action, payload, clock.now());
    if (!decoded.ok) throw new CallFailure('error', decoded.reason, decoded.code);
    const { event } = decoded;
    if (event.kind === 'boot') this.onBootNotification(link, event);
    return codec.reply(event, this.decide(event), clock.now());
  }

  disconnected(): void {
    this.link = undefined;
  }

  /** Rejects the station at its next boot, for which it is asked, and closes its connection. */
  reject(): void {
    this.isRejected = true;
    const { link } = this;
    if (!link) return;
    this.closeAfter(link, bootPatienceMs);
    this.askForBoot(link)
      .catch(() => false)
      .then((boots) => {
        if (!boots && this.isRejected) this.closeAfter(link, 0);
      });
  }

  /** Accepts the station and asks it to boot, since it was told to wait for its next boot. */
  spare(): void {
    this.isRejected = false;
    this.closing?.cancel();
    if (this.link) this.askForBoot(this.link).catch(() => {});
  }

  private onBootNotification(link: StationLink, boot: Extract<StationMessage, { kind: 'boot' }>): void {
    if (this.isRejected) {
      this.closeAfter(link, answerMs);
      return;
    }
    const { vendor, model, serial, firmware } = boot;
    this.pending.told(link.identity, { vendor, model, ...(serial && { serial }), ...(firmware && { firmware }) });
    this.tell();
  }

  private tell(): void {
    const station = this.link && this.pending.find(this.link.identity);
    if (station) this.options.changed(station);
  }

  private decide(event: StationMessage): Answer {
    switch (event.kind) {
      case 'boot':
        return this.isRejected
          ? { registration: 'rejected', intervalS: rejectedIntervalS }
          : { registration: 'pending', intervalS: pendingIntervalS };
      case 'transaction_started':
        return { transaction: ++this.transaction, authorization: 'invalid' };
      case 'authorize':
      case 'transaction_updated':
      case 'transaction_ended':
        return { authorization: 'invalid' };
      default:
        return {};
    }
  }

  /** @returns whether the station will boot */
  private async askForBoot(link: StationLink): Promise<boolean> {
    const codec = this.options.codecOf(link.version);
    const { action, payload } = codec.encode(bootTrigger);
    const answer = await link.call(action, payload, { timeoutMs: bootPatienceMs });
    return codec.decodeResult(bootTrigger, answer).status === 'accepted';
  }

  private closeAfter(link: StationLink, ms: number): void {
    this.closing?.cancel();
    this.closing = this.options.clock.after(ms, () =>
      link.close(closeCode.policyViolation, sentenceOf(createReason('by_hand'))),
    );
  }
}
