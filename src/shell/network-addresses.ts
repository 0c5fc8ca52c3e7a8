/** Addresses at which others in the network reach this machine, for the forms of nodes that listen. */
import { networkInterfaces } from 'node:os';
import type { NodeAPI } from 'node-red';
import { defineEndpoint } from './endpoints.ts';

/** An address of this machine. */
interface OwnAddress {
  address: string;
  /** Name of the network interface: "eth0". */
  name: string;
  isIpv6: boolean;
}

/** Without those that only this machine or its own cable knows. */
const ownAddresses = (): OwnAddress[] =>
  Object.entries(networkInterfaces())
    .flatMap(([name, all = []]) =>
      all.flatMap(({ address, family, internal }) =>
        internal || /^fe80:/i.test(address) ? [] : [{ address, name, isIpv6: family === 'IPv6' }],
      ),
    )
    .sort((a, b) => Number(a.isIpv6) - Number(b.isIpv6));

const served = new WeakSet<object>();

/** Several nodes need it; it is served once. */
export const serveAddresses = (RED: NodeAPI): void => {
  if (served.has(RED.httpAdmin)) return;
  served.add(RED.httpAdmin);
  defineEndpoint(RED, 'get', '/ems/addresses', ownAddresses);
};
