/**
 * The server that charging stations dial (CSMS): several ports in front of one registry of stations. Every call is
 * answered, strangers and floods are kept out, and the server goes on while stations are set up and taken away.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../model/time.ts';
import { closeCode } from './ocpp-j/close-codes.ts';
import { Connection, type ConnectionHost } from './ocpp-j/connection.ts';
import type { ConnectionLimits } from './ocpp-j/connection-limits.ts';
import type { StationHandler, StationSettings } from './ocpp-j/station-link.ts';
import { type WebSocketOptions, WebSocketUpgrader } from './ocpp-j/websocket.ts';
import { Admission, type AdmissionLimits, type AdmissionOptions, type Admitted } from './security/admission.ts';
import {
  type Dialled,
  type ListenerEvents,
  type ListenerOptions,
  refuse,
  StationListener,
} from './security/listener.ts';
import type { Passwords } from './security/passwords.ts';
import { type Proxies, readOrigin, TrustedProxies } from './security/proxy-headers.ts';
import { type LoggedRejection, RejectionLog } from './security/rejection-log.ts';
import { createReason, type Reason } from './security/rejection-reasons.ts';
import { checkSettings } from './security/security-profile.ts';
import type { CertificateNotice, CertificateState } from './security/server-certificate.ts';
import { StationRegistry } from './security/station-registry.ts';

export interface CsmsLimits extends ConnectionLimits, WebSocketOptions, AdmissionLimits {
  /** For so long a station whose handler was removed is kept for the next one, ms: a deploy brings other nodes. */
  handoverMs: number;
}

const usualLimits: CsmsLimits = {
  pingIntervalMs: 30_000,
  maxFrameBytes: 1024 * 1024,
  deadlineMs: 10_000,
  maxOpen: 100,
  // A station that was offline for days tells everything at once; it waits for each answer.
  messages: { perS: 50, burst: 3000 },
  bytes: { perS: 256 * 1024, burst: 16 * 1024 * 1024 },
  maxWaiting: 50,
  maxUnsent: 1024 * 1024,
  closeGraceMs: 2000,
  unansweredMs: 10_000,
  maxHeld: 20,
  unknownRate: { perS: 0.2, burst: 20 },
  wrongRate: { perS: 0.1, burst: 10 },
  refusalMs: 300,
  handoverMs: 10_000,
};

export interface CsmsOptions extends Pick<AdmissionOptions, 'unknown'>, Partial<Pick<AdmissionOptions, 'isRejected'>> {
  listeners: readonly ListenerOptions[];
  passwords: Passwords;
  /** Proxies whose headers about the station behind them are believed. */
  proxies?: Proxies;
  limits?: Partial<CsmsLimits>;
  /** Told when something happened to a station that its integrator should know, in words without secrets. */
  report?(identity: string, what: string): void;
  /** A handshake was refused; not told again while only the same goes on. */
  onRejected?(rejection: LoggedRejection): void;
  /** The certificate of a port was renewed, or has to be. */
  onCertificate?(notice: CertificateNotice): void;
}

/** @throws Error when a port cannot be opened, with the port and the reason in words */
export const startCsms = async (options: CsmsOptions, clock: Clock): Promise<Csms> => {
  const csms = new Csms(options, clock);
  await csms.open();
  return csms;
};

/** One server, with all its ports and connections. */
export class Csms implements ConnectionHost, ListenerEvents {
  readonly limits: CsmsLimits;
  readonly clock: Clock;
  readonly stations: StationRegistry;
  private readonly options: CsmsOptions;
  private readonly proxies: TrustedProxies;
  private readonly log: RejectionLog;
  private readonly admission: Admission;
  private readonly upgrader: WebSocketUpgrader;
  private readonly listeners: StationListener[] = [];
  private readonly connections = new Set<Connection>();
  /** Sockets between handshake and connection. */
  private readonly arriving = new Set<Socket>();
  private closing: Promise<void> | undefined;
  /** Set while the server closes: called when the last connection is over. */
  private onEmpty: (() => void) | undefined;

  /** Opens no port yet: see startCsms. */
  constructor(options: CsmsOptions, clock: Clock) {
    const { passwords, unknown, isRejected = () => false, onRejected } = options;
    this.options = options;
    this.clock = clock;
    this.limits = { ...usualLimits, ...options.limits };
    this.proxies = new TrustedProxies(options.proxies ?? { addresses: [] });
    this.log = new RejectionLog(clock, onRejected && { onRejected });
    const report = (identity: string, what: string): void => this.report(identity, what);
    this.stations = new StationRegistry({ handoverMs: this.limits.handoverMs, report }, clock);
    this.admission = new Admission(this.stations, { ...this.limits, passwords, unknown, isRejected }, clock);
    this.upgrader = new WebSocketUpgrader(this.limits);
  }

  /** @throws Error when a port cannot be opened; then none is open */
  async open(): Promise<void> {
    try {
      for (const listener of this.options.listeners)
        this.listeners.push(await StationListener.start(listener, this, this.clock));
    } catch (error) {
      await this.close(closeCode.goingAway, 'not started');
      throw error;
    }
  }

  /** Ports in the order of the listeners. */
  get ports(): readonly number[] {
    return this.listeners.map(({ port }) => port);
  }

  /**
   * A station that is connected already (held, or of a handler that was removed a moment ago) stays connected, where it
   * has brought what the settings demand.
   * @throws Error where the identity is registered already, or no station could meet the settings
   */
  register(identity: string, settings: StationSettings, handler: StationHandler): { remove(): void } {
    checkSettings(identity, settings);
    return this.stations.register(identity, settings, handler);
  }

  /** Why stations did not get in, the newest first. */
  rejections(): LoggedRejection[] {
    return this.log.list();
  }

  /** Certificates of the ports that have one. */
  certificates(): CertificateState[] {
    return this.listeners.flatMap((listener) => listener.certificate() ?? []);
  }

  /** How many stations are connected now. */
  connected(): number {
    return this.connections.size;
  }

  /** Resolves when every socket is gone. @param code 1001 going away, 1012 service restart */
  close(code: number = closeCode.goingAway, reason = 'the server is closing'): Promise<void> {
    this.closing ??= this.closeAll(code, reason);
    return this.closing;
  }

  onUpgrade(dialled: Dialled): void {
    this.receive(dialled).catch((error: Error) => {
      const reason = createReason('failed_here', { fault: error.message });
      this.log.add({ address: dialled.direct.address, reason });
      dialled.socket.destroy();
    });
  }

  onFailed(address: string, reason: Reason): void {
    this.log.add({ address, reason });
  }

  onCertificate(notice: CertificateNotice): void {
    this.options.onCertificate?.(notice);
  }

  onClosed(connection: Connection, reason: string): void {
    this.connections.delete(connection);
    this.stations.disconnect(connection, reason);
    if (this.connections.size === 0) this.onEmpty?.();
  }

  onFault({ identity }: Connection, fault: string): void {
    this.report(identity, fault);
  }

  onDeviation({ identity }: Connection, deviation: string): void {
    this.report(identity, deviation);
    this.stations.reportDeviation(identity, deviation);
  }

  private report(identity: string, what: string): void {
    this.options.report?.(identity, what);
  }

  private async receive(dialled: Dialled): Promise<void> {
    const { request, socket, direct } = dialled;
    const origin = readOrigin(direct, request.headers, this.proxies);
    const { address } = origin;
    this.arriving.add(socket);
    const result = await this.admission.admit(request, origin);
    this.arriving.delete(socket);
    if (this.closing || socket.destroyed) socket.destroy();
    else if (!result.ok) {
      const { identity, reason } = result;
      this.log.add({ address, reason, ...(identity !== undefined && { identity }) });
      refuse(socket, result);
    } else if (!this.connect(dialled, result))
      this.log.add({ address, identity: result.identity, reason: createReason('broke_off') });
  }

  /** @returns false where the station has broken off meanwhile */
  private connect({ request, socket, head }: Dialled, admitted: Admitted): boolean {
    const { identity, version, subProtocol, peer, holder } = admitted;
    const opened = this.upgrader.upgrade({ request, socket, head, subProtocol });
    if (!opened) return false;
    const connection = new Connection(this, { socket: opened, identity, version, peer });
    this.connections.add(connection);
    this.stations.connect(connection, holder);
    return true;
  }

  private async closeAll(code: number, reason: string): Promise<void> {
    const closed = this.listeners.map((listener) => listener.close());
    for (const socket of this.arriving) socket.destroy();
    const emptied = new Promise<void>((resolve) => {
      this.onEmpty = resolve;
    });
    if (this.connections.size === 0) this.onEmpty?.();
    for (const connection of this.connections) connection.close(code, reason);
    await Promise.all([...closed, emptied]);
    this.stations.close();
    this.upgrader.close();
  }
}
