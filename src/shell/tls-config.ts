/**
 * TLS as Node-RED's own configuration node holds it, for brokers and servers. That node reads its files when it is
 * deployed and never again: a server that wants a renewed certificate finds the paths in the flow.
 */
import { readFile } from 'node:fs/promises';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { fromEnvironment } from './environment.ts';

/** Node-RED's own configuration node "tls-config". */
interface TlsNode extends Node {
  addTLSOptions(options: Record<string, unknown>): Record<string, unknown>;
}

/** @throws Error where no such node is deployed, with the name of whoever refers to it: "broker", "server" */
const findTlsNode = (RED: NodeAPI, id: string, owner: string): TlsNode => {
  const node = RED.nodes.getNode(id) as TlsNode | null;
  if (!node) throw new Error(`the TLS configuration of this ${owner} is missing, disabled or not deployed yet`);
  return node;
};

/**
 * @param id of the TLS configuration of a broker; empty: it has none
 * @returns its options for node:tls, with the certificates as they were at the last deploy
 * @throws Error where no such configuration is deployed
 */
export const tlsOptionsOf = (RED: NodeAPI, id: string): Record<string, unknown> | undefined =>
  id === '' ? undefined : findTlsNode(RED, id, 'broker').addTLSOptions({});

/** Certificates and keys, PEM. */
interface TlsMaterial {
  cert: string | Buffer;
  key: string | Buffer;
  ca?: string | Buffer;
  passphrase?: string;
}

interface TlsDefinition extends NodeDef {
  certType?: string;
  cert?: string;
  key?: string;
  ca?: string;
}

/** @returns the paths of its files; undefined where it was given anything else (uploaded, or from the environment) */
const pathsOf = (RED: NodeAPI, node: TlsNode): { cert: string; key: string; ca?: string } | undefined => {
  let found: TlsDefinition | undefined;
  RED.nodes.eachNode((each) => {
    if (each.id === node.id) found = each as TlsDefinition;
  });
  const { certType = 'files', cert = '', key = '', ca = '' } = found ?? {};
  const pathOf = (field: string): string => fromEnvironment(RED, node, field).trim();
  const paths = { cert: pathOf(cert), key: pathOf(key), ca: pathOf(ca) };
  if (certType !== 'files' || paths.cert === '' || paths.key === '') return undefined;
  return { cert: paths.cert, key: paths.key, ...(paths.ca !== '' && { ca: paths.ca }) };
};

/**
 * @returns reads certificate and key as they are now
 * @throws Error in words, where there is no such configuration, or nothing in it
 */
export const openTlsConfig = (RED: NodeAPI, id: string): (() => Promise<TlsMaterial>) => {
  const node = findTlsNode(RED, id, 'server');
  const { cert, key, ca, passphrase } = node.addTLSOptions({}) as Partial<TlsMaterial>;
  const secret = passphrase ? { passphrase } : {};
  const paths = pathsOf(RED, node);
  if (paths)
    return async () => {
      const [cert, key, ca] = await Promise.all(
        [paths.cert, paths.key, paths.ca].map((path) => path && readFile(path)),
      );
      return { cert: cert ?? '', key: key ?? '', ...(ca && { ca }), ...secret };
    };
  if (!cert || !key) throw new Error('the TLS configuration of this server has no certificate or no private key');
  return async () => ({ cert, key, ...(ca && { ca }), ...secret });
};
