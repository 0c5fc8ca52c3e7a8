import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import {
  CertificateError,
  type Csms,
  expirySoonDays,
  headerName,
  type ListenerOptions,
  OcppServer,
  ocppServerFields,
  stationDecision,
} from '../src/drivers/ocpp/index.ts';
import { everywhere } from '../src/model/limits.ts';
import { isoTime } from '../src/model/time.ts';
import { choiceField, flagField, listField, numberField, optionalNumberField, textField } from '../src/shell/config.ts';
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
    /** hold: a station that nobody has set up waits until somebody approves it. */
    unknown: choiceField(ocppServerFields.unknown),
    /** Proxies whose X-Forwarded-For is believed: addresses, separated by commas. */
    proxies: listField(/,/),
    /** Header in which the proxies name a client certificate; empty: they check none. */
    certificateHeader: textField().pipe(
      z.string().regex(headerName, 'the header of the proxies has letters and hyphens'),
    ),
    heartbeat: numberField(ocppServerFields.heartbeat),
  })
  .refine(({ port, tlsPort }) => port !== undefined || tlsPort !== undefined, 'a port is missing')
  .refine(({ tlsPort, tls }) => tlsPort === undefined || tls !== '', 'the port with TLS needs a TLS configuration');

export interface OcppServerApi {
  server: OcppServer;
  /** Tells how the ports fare, now and whenever that changes. */
  follow(showStatus: (status: Status) => void): { remove(): void };
}

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

type Config = z.output<typeof config>;

const listenersOf = (RED: NodeAPI, { host, port, tlsPort, tls, clientCertificates }: Config): ListenerOptions[] => [
  ...(port === undefined ? [] : [{ host, port }]),
  ...(tlsPort === undefined
    ? []
    : [{ host, port: tlsPort, tls: { read: openTlsConfig(RED, tls), asksClients: clientCertificates } }]),
];

/** The server that charging stations dial: OCPP 1.6J, 2.0.1 and 2.1 over WebSocket. */
export default function register(RED: NodeAPI): void {
  serveAddresses(RED);
  const servers = new Map<string, OcppServer>();

  defineEndpoint(RED, 'get', '/ems/ocpp/:id/stations', ({ id = '' }) => servers.get(id)?.overview() ?? notDeployed);

  defineEndpoint(RED, 'post', '/ems/ocpp/:id/decide', ({ id = '' }, body) => {
    const server = servers.get(id);
    if (!server) throw new Error('deploy this server first');
    server.decide(stationDecision.parse(body));
    return {};
  });

  defineNode(RED, 'ems-ocpp-server', {
    config,
    start({ config, node, clock, report, onStarted, onClose }): OcppServerApi {
      const stateFile = createStateFile(RED, `ems-ocpp-server-${node.id}`);
      let saved: Promise<void> | undefined;
      let opening: Opening<Csms> | undefined;
      const followers = new Set<(status: Status) => void>();
      let status: Status = { fill: 'yellow', shape: 'ring', key: 'opening' };
      const show = (next: Status): void => {
        status = next;
        for (const follower of followers) follower(next);
      };

      const server = new OcppServer(
        {
          listeners: listenersOf(RED, config),
          proxies: {
            addresses: config.proxies,
            ...(config.certificateHeader && { certificateHeader: config.certificateHeader.toLowerCase() }),
          },
          holdsUnknown: config.unknown === 'hold',
          heartbeatS: config.heartbeat,
          report: (identity, what) => node.log(`${identity}: ${what}`),
          onRejected: ({ address, identity, sentence, code }) =>
            node.log(`${[address, identity].filter(Boolean).join(', ')}: refused, ${sentence} (${code})`),
          onCertificate({ kind, sentence }) {
            if (kind === 'renewed') node.log(sentence);
            else node.warn(sentence);
            const csms = opening?.current();
            if (csms) show(statusOf(csms));
          },
          kept: stateFile.load(),
          save(kept) {
            saved = stateFile.save(kept).catch(report);
          },
        },
        clock,
      );

      // Not before every station of the deploy is registered: one that dials at once is no stranger.
      onStarted(() => {
        opening = retryOpening(clock, () => server.open(), {
          opened(csms) {
            server.onOpened(csms);
            show(statusOf(csms));
          },
          failed(error, isFirst) {
            const params = { ports: [config.port, config.tlsPort].filter(Boolean).join(', ') };
            const key = error instanceof CertificateError ? 'noCertificate' : 'taken';
            show({ fill: 'red', shape: 'ring', key, params });
            if (isFirst) report(error);
          },
        });
      });

      servers.set(node.id, server);
      onClose(async (isRemoved) => {
        servers.delete(node.id);
        await opening?.close();
        await saved;
        if (isRemoved) await stateFile.remove();
      });
      return {
        server,
        follow(showStatus) {
          followers.add(showStatus);
          showStatus(status);
          return { remove: () => followers.delete(showStatus) };
        },
      };
    },
  });
}
