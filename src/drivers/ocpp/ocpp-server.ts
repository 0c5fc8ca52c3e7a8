/**
 * A server of charging stations with open ports or without: the stations that are set up, those that wait for approval
 * or were refused, the secret of their passwords, and the transactions that run at each.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Clock } from '../../model/time.ts';
import { Approvals, type PasswordOfNode } from './approval/approvals.ts';
import type { StationDecision } from './approval/decision-message.ts';
import { type RejectedStation, rejectedStationSchema } from './approval/rejected-stations.ts';
import { ConcurrentTx } from './authorization/concurrent-tx.ts';
import { codecFor } from './codec/codec-by-version.ts';
import { type Csms, type CsmsOptions, startCsms } from './csms.ts';
import type { StationHandler, StationSettings } from './ocpp-j/station-link.ts';
import { Passwords } from './security/passwords.ts';
import type { CertificateNotice } from './security/server-certificate.ts';
import { certificateEventOf, pendingEventOf, type ServerEvent } from './server-events.ts';

/** As it lies in the file of a node. */
const keptSchema = z.object({
  /** Hex digits. */
  secret: z.string().length(64),
  rejected: z.array(rejectedStationSchema).catch([]),
});

export interface OcppServerOptions extends Pick<CsmsOptions, 'listeners' | 'proxies' | 'report' | 'onRejected'> {
  /** A station that nobody has set up waits until somebody approves it; otherwise it is refused. */
  holdsUnknown: boolean;
  /** Between two heartbeats of a station, s. */
  heartbeatS: number;
  onCertificate(notice: CertificateNotice): void;
  /** The state that was saved last, as it was read from the file. */
  kept: unknown;
  save(kept: object): void;
}

/** @param verifier of the password with which the station came, where that was taken over */
export type OnApproved = (identity: string, verifier: string | undefined) => void;

interface Registration {
  identity: string;
  settings: StationSettings;
  handler: StationHandler;
  /** Set while the ports are open. */
  registered?: { remove(): void };
}

/** Everything that nodes share of one server. */
export class OcppServer {
  /** Between two heartbeats of a station, s. */
  readonly heartbeatS: number;
  readonly passwords: Passwords;
  readonly concurrentTx = new ConcurrentTx();
  private readonly options: OcppServerOptions;
  private readonly clock: Clock;
  private readonly approvals: Approvals;
  private readonly registrations = new Set<Registration>();
  /** Nodes that wait for a station, by their device. */
  private readonly waiting = new Map<string, { wanted: PasswordOfNode; onApproved: OnApproved }>();
  private readonly listeners = new Set<(event: ServerEvent) => void>();
  private csms: Csms | undefined;

  constructor(options: OcppServerOptions, clock: Clock) {
    const kept = keptSchema.safeParse(options.kept);
    const secret = kept.success ? kept.data.secret : randomBytes(32).toString('hex');
    const rejected = kept.success ? kept.data.rejected : [];
    const save = (stations: RejectedStation[]): void => options.save({ secret, rejected: stations });
    if (!kept.success) save([]);
    this.options = options;
    this.clock = clock;
    this.heartbeatS = options.heartbeatS;
    this.passwords = new Passwords(Buffer.from(secret, 'hex'));
    const changed = (station: Parameters<typeof pendingEventOf>[0]): void => this.tell(pendingEventOf(station));
    this.approvals = new Approvals({ codecOf: codecFor, rejected, save, changed }, clock);
  }

  /** @throws Error when a port cannot be opened, with the port and the reason in words */
  async open(): Promise<Csms> {
    const { listeners, proxies, report, onRejected, holdsUnknown } = this.options;
    const { approvals, passwords } = this;
    return startCsms(
      {
        listeners,
        passwords,
        ...(proxies && { proxies }),
        ...(report && { report }),
        ...(onRejected && { onRejected }),
        isRejected: (identity) => approvals.isRejected(identity),
        ...(holdsUnknown && { unknown: (station) => approvals.receive(station) }),
        onCertificate: (notice) => {
          this.options.onCertificate(notice);
          this.tell(certificateEventOf(notice));
        },
      },
      this.clock,
    );
  }

  /** The ports are open: the stations that are set up may dial in. */
  onOpened(csms: Csms): void {
    this.csms = csms;
    for (const registration of this.registrations) this.enter(csms, registration);
  }

  /**
   * A station dials in for this handler, now or as soon as the ports are open.
   * @throws Error where the identity is registered already
   */
  register(identity: string, settings: StationSettings, handler: StationHandler): { remove(): void } {
    if ([...this.registrations].some((each) => each.identity === identity))
      throw new Error(`two nodes are for the station "${identity}"`);
    const registration: Registration = { identity, settings, handler };
    if (this.csms) this.enter(this.csms, registration);
    this.registrations.add(registration);
    this.approvals.settle(identity);
    return {
      remove: () => {
        this.registrations.delete(registration);
        registration.registered?.remove();
      },
    };
  }

  /** A node without an identity waits for the station that is approved for its device. */
  waitFor(wanted: PasswordOfNode, onApproved: OnApproved): { remove(): void } {
    const { device } = wanted;
    const entry = { wanted, onApproved };
    this.waiting.set(device, entry);
    return {
      remove: () => {
        if (this.waiting.get(device) === entry) this.waiting.delete(device);
      },
    };
  }

  /** @param listener hears events of the server and of no station, where it is the first of the listeners */
  onEvent(listener: (event: ServerEvent) => void): { remove(): void } {
    this.listeners.add(listener);
    return { remove: () => void this.listeners.delete(listener) };
  }

  /**
   * Somebody decided about a station that waits, or was refused.
   * @throws Error in words, where there is no such station, or nobody waits for one
   */
  decide(decision: StationDecision): void {
    const { identity } = decision;
    if (decision.decision === 'reject') this.approvals.reject(identity);
    else if (decision.decision === 'take_back') this.approvals.takeBack(identity);
    else {
      const { device, adopt } = decision;
      const node = this.waiting.get(device);
      if (!node) throw new Error(`no charge point node without an identity has the device id "${device}"`);
      node.onApproved(identity, this.approvals.approve(identity, adopt, node.wanted));
    }
  }

  /** Everything about the stations of the server that its form shows. */
  overview() {
    const { csms, approvals } = this;
    return {
      ports: csms?.ports ?? [],
      connected: csms?.connected() ?? 0,
      pending: approvals.pending(),
      rejected: approvals.rejected(),
      refusals: csms?.rejections() ?? [],
      certificate: csms?.certificates()[0],
    };
  }

  private enter(csms: Csms, registration: Registration): void {
    const { identity, settings, handler } = registration;
    registration.registered = csms.register(identity, settings, handler);
  }

  /** An event is told once, by whichever node is there. */
  private tell(event: ServerEvent): void {
    const [listener] = this.listeners;
    listener?.(event);
  }
}
