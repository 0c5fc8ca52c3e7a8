import { randomBytes } from 'node:crypto';
import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { codecFor } from '../src/drivers/ocpp/codec/codecs.ts';
import { expirySoonDays, headerName, ocppServerFields } from '../src/drivers/ocpp/codec/limits.ts';
import { CertificateError } from '../src/drivers/ocpp/link/certificate-keeper.ts';
import { type Csms, startCsms } from '../src/drivers/ocpp/link/csms.ts';
import type { StationHandler, StationSettings } from '../src/drivers/ocpp/link/link.ts';
import type { ListenerOptions } from '../src/drivers/ocpp/link/listener.ts';
import { createPasswords, type Passwords } from '../src/drivers/ocpp/link/passwords.ts';
import { eventOfCertificate, eventOfStation, type ServerEvent } from '../src/drivers/ocpp/server-events.ts';
import { type StationDecision, stationDecision } from '../src/drivers/ocpp/station/decision.ts';
import { createLobby, type Lobby, type WantedPassword } from '../src/drivers/ocpp/station/lobby.ts';
import { type RejectedStation, rejectedStationSchema } from '../src/drivers/ocpp/station/rejected.ts';
import { createTagsInUse, type TagsInUse } from '../src/drivers/ocpp/station/tags-in-use.ts';
import { everywhere } from '../src/model/limits.ts';
import { isoTime } from '../src/model/time.ts';
import { choiceField, flagField, numberField, optionalNumberField, textField } from '../src/shell/config.ts';
import { defineNode } from '../src/shell/define-node.ts';
import { defineEndpoint, notDeployed } from '../src/shell/endpoints.ts';
import { serveAddresses } from '../src/shell/network-addresses.ts';
import { type Opening, retryOpening } from '../src/shell/retry-open.ts';
import { createStateFile } from '../src/shell/state-file.ts';
import type { Status } from '../src/shell/status.ts';
import { openTlsConfig } from '../src/shell/tls-config.ts';

const config = z
  .object({
    name: textField(),
    host: textField(everywhere),
    /** ws:// */
    port: optionalNumberField(ocppServerFields.port),
    /** wss:// */
    tlsPort: optionalNumberField(ocppServerFields.tlsPort),
    tls: textField(),
    clientCertificates: flagField(false),
    /** hold: a station nobody knows waits until somebody approves it. */
    unknown: choiceField(ocppServerFields.unknown),
    /** Whose X-Forwarded-For is believed: addresses, separated by commas. */
    proxies: textField().transform((text) =>
      text
        .split(',')
        .map((each) => each.trim())
        .filter((each) => each !== ''),
    ),
    /** In which they say who has shown them a client certificate; empty: they check none. */
    certificateHeader: textField().pipe(
      z.string().regex(headerName, 'the header of the proxies has letters and hyphens'),
    ),
    heartbeat: numberField(ocppServerFields.heartbeat),
  })
  .refine(({ port, tlsPort }) => port !== undefined || tlsPort !== undefined, 'a port is missing')
  .refine(({ tlsPort, tls }) => tlsPort === undefined || tls !== '', 'the port with TLS needs a TLS configuration');

export interface OcppServerApi {
  heartbeatS: number;
  passwords: Passwords;
  tagsInUse: TagsInUse;
  /** A station dials in for this handler, now or as soon as the ports are open. */
  register(identity: string, settings: StationSettings, handler: StationHandler): { remove(): void };
  /**
   * Nodes without an identity wait for the station that is approved for their device.
   * @param bind with what is kept of its password, where that was taken over
   */
  waitFor(wanted: WantedPassword, bind: Bind): { remove(): void };
  /** What is of the server and of no station: who waits for approval, and its certificate. */
  onEvent(listener: (event: ServerEvent) => void): { remove(): void };
  /**
   * Somebody decided about a station that waits, or was refused.
   * @throws in words, where there is no such station, or nobody waits for one
   */
  decide(decision: StationDecision): void;
  follow(showStatus: (status: Status) => void): { remove(): void };
}

type Bind = (identity: string, verifier: string | undefined) => void;

interface Registration {
  identity: string;
  settings: StationSettings;
  handler: StationHandler;
  registered?: { remove(): void };
}

const remembered = z.object({
  secret: z.string().length(64),
  rejected: z.array(rejectedStationSchema).catch([]),
});

const statusOf = (csms: Csms): Status => {
  const params = { ports: csms.ports.join(', ') };
  const [certificate] = csms.certificates();
  if (certificate?.fault) return { fill: 'yellow', shape: 'dot', key: 'certificate', params };
  const { daysLeft, expiresAt } = certificate ?? { daysLeft: Number.POSITIVE_INFINITY, expiresAt: 0 };
  const dated = { ...params, date: isoTime(expiresAt).slice(0, 10) };
  if (daysLeft < 0) return { fill: 'red', shape: 'dot', key: 'expired', params: dated };
  if (daysLeft <= expirySoonDays) return { fill: 'yellow', shape: 'dot', key: 'expiring', params: dated };
  return { fill: 'green', shape: 'dot', key: 'open', params };
};

/** The server that charging stations dial: OCPP 1.6J, 2.0.1 and 2.1 over WebSocket. */
export default function register(RED: NodeAPI): void {
  serveAddresses(RED);
  const servers = new Map<string, { csms(): Csms | undefined; lobby: Lobby; api: OcppServerApi }>();
  const serverOf = (id = '') => {
    const server = servers.get(id);
    if (!server) throw new Error('deploy this server first');
    return server;
  };

  defineEndpoint(RED, 'get', '/ems/ocpp/:id/stations', ({ id = '' }) => {
    const server = servers.get(id);
    if (!server) return notDeployed;
    const { csms, lobby } = server;
    const open = csms();
    return {
      ports: open?.ports ?? [],
      connected: open?.connected() ?? 0,
      pending: lobby.pending(),
      rejected: lobby.rejected(),
      refusals: open?.refusals() ?? [],
      certificate: open?.certificates()[0],
    };
  });

  defineEndpoint(RED, 'post', '/ems/ocpp/:id/decide', ({ id }, body) => {
    serverOf(id).api.decide(stationDecision.parse(body));
    return {};
  });

  defineNode(RED, 'ems-ocpp-server', {
    config,
    start({ config, node, clock, report, onStarted, onClose }): OcppServerApi {
      const { host, port, tlsPort } = config;
      const ports: ListenerOptions[] = [
        ...(port === undefined ? [] : [{ host, port }]),
        ...(tlsPort === undefined
          ? []
          : [
              {
                host,
                port: tlsPort,
                tls: { read: openTlsConfig(RED, config.tls), asksClients: config.clientCertificates },
              },
            ]),
      ];
      const memory = createStateFile(RED, `ems-ocpp-server-${node.id}`);
      const kept = remembered.safeParse(memory.load());
      const { secret, rejected } = kept.success ? kept.data : { secret: randomBytes(32).toString('hex'), rejected: [] };
      let saved: Promise<void> | undefined;
      const remember = (rejected: RejectedStation[]): void => {
        saved = memory.save({ secret, rejected }).catch(report);
      };
      if (!kept.success) remember([]);
      const passwords = createPasswords(Buffer.from(secret, 'hex'));
      const lobby = createLobby(
        { codecOf: codecFor, rejected, save: remember, changed: (station) => tell(eventOfStation(station)) },
        clock,
      );
      const registrations = new Set<Registration>();
      const waiting = new Map<string, { wanted: WantedPassword; bind: Bind }>();
      const listeners = new Set<(event: ServerEvent) => void>();
      const followers = new Set<(status: Status) => void>();
      let status: Status = { fill: 'yellow', shape: 'ring', key: 'opening' };

      /** Told once, by whichever node is there. */
      const tell = (event: ServerEvent): void => {
        const [listener] = listeners;
        listener?.(event);
      };
      const show = (next: Status): void => {
        status = next;
        for (const follower of followers) follower(next);
      };

      const enter = (csms: Csms, registration: Registration): void => {
        const { identity, settings, handler } = registration;
        registration.registered = csms.register(identity, settings, handler);
      };

      let opening: Opening<Csms> | undefined;
      const open = (): Promise<Csms> =>
        startCsms(
          {
            listeners: ports,
            passwords,
            proxies: {
              addresses: config.proxies,
              ...(config.certificateHeader && { certificateHeader: config.certificateHeader.toLowerCase() }),
            },
            isRejected: lobby.isRejected,
            ...(config.unknown === 'hold' && { unknown: lobby.receive }),
            report: (identity, what) => node.log(`${identity}: ${what}`),
            refused: ({ address, identity, sentence, code }) =>
              node.log(`${[address, identity].filter(Boolean).join(', ')}: refused, ${sentence} (${code})`),
            certified(news) {
              if (news.kind === 'renewed') node.log(news.sentence);
              else node.warn(news.sentence);
              tell(eventOfCertificate(news));
              const csms = opening?.current();
              if (csms) show(statusOf(csms));
            },
          },
          clock,
        );
      const openPorts = (): Opening<Csms> =>
        retryOpening(clock, open, {
          opened(csms) {
            for (const registration of registrations) enter(csms, registration);
            show(statusOf(csms));
          },
          failed(error, isFirst) {
            const params = { ports: [port, tlsPort].filter(Boolean).join(', ') };
            const key = error instanceof CertificateError ? 'noCertificate' : 'taken';
            show({ fill: 'red', shape: 'ring', key, params });
            if (isFirst) report(error);
          },
        });
      // Not before every station of the deploy is registered: one that dials at once is no stranger.
      onStarted(() => {
        opening = openPorts();
      });

      const api: OcppServerApi = {
        heartbeatS: config.heartbeat,
        passwords,
        tagsInUse: createTagsInUse(),
        register(identity, settings, handler) {
          if ([...registrations].some((each) => each.identity === identity))
            throw new Error(`two nodes are for the station "${identity}"`);
          const registration: Registration = { identity, settings, handler };
          const csms = opening?.current();
          if (csms) enter(csms, registration);
          registrations.add(registration);
          lobby.settle(identity);
          return {
            remove() {
              registrations.delete(registration);
              registration.registered?.remove();
            },
          };
        },
        waitFor(wanted, bind) {
          const { device } = wanted;
          const entry = { wanted, bind };
          waiting.set(device, entry);
          return { remove: () => waiting.get(device) === entry && waiting.delete(device) };
        },
        onEvent(listener) {
          listeners.add(listener);
          return { remove: () => listeners.delete(listener) };
        },
        decide(wish) {
          if (wish.decision === 'reject') return lobby.reject(wish.identity);
          if (wish.decision === 'take_back') return lobby.takeBack(wish.identity);
          const { identity, device, adopt } = wish;
          const node = waiting.get(device);
          if (!node) throw new Error(`no charge point node without an identity has the device id "${device}"`);
          node.bind(identity, lobby.approve(identity, adopt, node.wanted));
        },
        follow(showStatus) {
          followers.add(showStatus);
          showStatus(status);
          return { remove: () => followers.delete(showStatus) };
        },
      };
      servers.set(node.id, { csms: () => opening?.current(), lobby, api });
      onClose(async (isRemoved) => {
        servers.delete(node.id);
        await opening?.close();
        await saved;
        if (isRemoved) await memory.remove();
      });
      return api;
    },
  });
}
