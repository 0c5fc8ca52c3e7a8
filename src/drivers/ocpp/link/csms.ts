/**
 * The server that charging stations dial (CSMS): several ports in front of one list of stations. It answers each
 * frame, keeps strangers and floods out, and goes on while the list of stations changes.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../../../model/time.ts';
import type { CertificateNews, CertificateState } from './certificate-keeper.ts';
import { type Connection, type ConnectionLimits, createConnectionHost, openConnection } from './connection.ts';
import { createDoor, type DoorOptions, type Guest } from './door.ts';
import type { StationHandler, StationSettings, UnknownStation } from './link.ts';
import { type Listener, type ListenerOptions, refuse, startListener } from './listener.ts';
import { createProxyCheck, type Origin, type Proxies, readOrigin } from './origin.ts';
import type { Passwords } from './passwords.ts';
import { because, type Reason } from './reasons.ts';
import { createRefusals, type Refusal } from './refusals.ts';
import { checkSettings } from './requirements.ts';
import { callAt, createStations } from './stations.ts';
import { createTransport, type TransportOptions } from './transport.ts';

export interface CsmsLimits extends ConnectionLimits, TransportOptions, Omit<DoorOptions, 'unknown' | 'isRejected'> {
  /** A station whose handler was removed is kept so long for the next one: a deploy takes its nodes away and brings others. */
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

export interface CsmsOptions {
  listeners: readonly ListenerOptions[];
  passwords: Passwords;
  /** Whose headers about the station behind them are believed. */
  proxies?: Proxies;
  /** @returns who holds a station that nobody registered, or undefined to refuse it (404) */
  unknown?(station: UnknownStation): StationHandler | undefined;
  /** Whether somebody has refused a station that nobody registered (403). */
  isRejected?(identity: string): boolean;
  limits?: Partial<CsmsLimits>;
  /** What happened to a station that its integrator should know, in words without secrets. */
  report?(identity: string, what: string): void;
  /** A station did not get in; not told again while only the same goes on. */
  refused?(refusal: Refusal): void;
  /** The certificate of a port was renewed, or has to be. */
  certified?(news: CertificateNews): void;
}

export interface Csms {
  /** In the order of the listeners. */
  ports: readonly number[];
  /**
   * A station that is connected already (held, or of a handler that was removed a moment ago) stays connected, where it
   * has brought what the settings demand.
   * @throws Error where the identity is registered already, or no station could meet the settings
   */
  register(identity: string, settings: StationSettings, handler: StationHandler): { remove(): void };
  /** Why stations did not get in, the newest first. */
  refusals(): Refusal[];
  /** Of the ports that have one. */
  certificates(): CertificateState[];
  /** How many are connected now. */
  connected(): number;
  /** Resolves when every socket is gone. @param code 1001 going away, 1012 service restart */
  close(code?: number, reason?: string): Promise<void>;
}

/** @throws Error when a port cannot be opened, with the port and the reason in words */
export const startCsms = async (options: CsmsOptions, clock: Clock): Promise<Csms> => {
  const {
    passwords,
    proxies,
    unknown,
    isRejected = () => false,
    report = () => {},
    refused = () => {},
    certified = () => {},
  } = options;
  const limits: CsmsLimits = { ...usualLimits, ...options.limits };
  const isProxy = createProxyCheck(proxies ?? { addresses: [] });
  const refusals = createRefusals(clock, refused);
  const stations = createStations(clock, limits.handoverMs, report);
  const door = createDoor(stations, passwords, { ...limits, unknown, isRejected }, clock);
  const transport = await createTransport(limits);
  const connections = new Set<Connection>();
  /** Set while the server closes. */
  let whenEmpty: (() => void) | undefined;
  /** Between handshake and connection. */
  const arriving = new Set<Socket>();
  let isClosing = false;

  const host = createConnectionHost(
    limits,
    transport.noReply,
    {
      called({ place }, action, payload) {
        // Nothing is heard before a station has been led to its place: both happen within one turn.
        if (!place) throw new Error('the station has no place yet');
        return callAt(place, action, payload);
      },
      ended(connection, reason) {
        connections.delete(connection);
        stations.ended(connection.link, reason);
        if (connections.size === 0) whenEmpty?.();
      },
      told: ({ link }, what) => report(link.identity, what),
      deviated({ link, place }, what) {
        report(link.identity, what);
        place?.handler?.deviated?.(what);
      },
    },
    clock,
  );

  const connect = (request: IncomingMessage, socket: Socket, head: Buffer, guest: Guest): boolean => {
    const { identity, version, subProtocol, peer, holder } = guest;
    const client = transport.upgrade(request, socket, head, identity, subProtocol);
    if (!client) return false;
    const connection = openConnection(host, { client, socket, identity, version, peer });
    connections.add(connection);
    connection.place = stations.connect(connection.link, holder);
    return true;
  };

  const receive = async (request: IncomingMessage, socket: Socket, head: Buffer, direct: Origin): Promise<void> => {
    const origin = readOrigin(direct, request.headers, isProxy, proxies?.certificateHeader);
    const { address } = origin;
    arriving.add(socket);
    const admission = await door.admit(request, origin);
    arriving.delete(socket);
    if (isClosing || socket.destroyed) socket.destroy();
    else if (!admission.ok) {
      const { identity, reason } = admission;
      refusals.note({ address, reason, ...(identity !== undefined && { identity }) });
      refuse(socket, admission);
    } else if (!connect(request, socket, head, admission))
      refusals.note({ address, identity: admission.identity, reason: because('broke_off') });
  };

  const events = {
    dialled(request: IncomingMessage, socket: Socket, head: Buffer, direct: Origin) {
      receive(request, socket, head, direct).catch((error: Error) => {
        refusals.note({ address: direct.address, reason: because('failed_here', { fault: error.message }) });
        socket.destroy();
      });
    },
    certified,
    failed: (address: string, reason: Reason) => refusals.note({ address, reason }),
  };

  const closeAll = async (listeners: Listener[], code: number, reason: string): Promise<void> => {
    isClosing = true;
    const closed = listeners.map((listener) => listener.close());
    for (const socket of arriving) socket.destroy();
    const emptied = new Promise<void>((resolve) => {
      whenEmpty = resolve;
    });
    if (connections.size === 0) whenEmpty?.();
    for (const { link } of connections) link.close(code, reason);
    await Promise.all([...closed, emptied]);
    stations.close();
    await transport.close();
  };

  const listeners: Listener[] = [];
  try {
    for (const listener of options.listeners) listeners.push(await startListener(listener, events, clock));
  } catch (error) {
    await closeAll(listeners, 1001, 'not started');
    throw error;
  }

  let closing: Promise<void> | undefined;
  return {
    ports: listeners.map(({ port }) => port),
    register(identity, settings, handler) {
      checkSettings(identity, settings);
      return stations.register(identity, settings, handler);
    },
    refusals: refusals.list,
    certificates: () => listeners.flatMap((listener) => listener.certificate() ?? []),
    connected: () => connections.size,
    close(code = 1001, reason = 'the server is closing') {
      closing ??= closeAll(listeners, code, reason);
      return closing;
    },
  };
};
