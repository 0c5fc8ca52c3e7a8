/** Addresses that an integrator types to be scanned: one host, or a small range of IPv4 addresses (CIDR, RFC 4632). */
import { BlockList, isIP } from 'node:net';

/** Addresses of a range at most: a /24. */
export const mostScannedAddresses = 256;

/**
 * Why something that was typed is not scanned. address: it is none. size: the range has too many addresses. network: it is
 * no network of one's own. port: there is none of this number.
 */
export type ScanRefusal = 'address' | 'size' | 'network' | 'port';

type Outcome<T> = { ok: true; value: T } | { ok: false; refusal: ScanRefusal };

/** Hosts to be scanned. */
export interface ScanTarget {
  hosts: string[];
  /** Port that was typed behind the address. */
  port?: number;
  /** Whether it is a range, in which most addresses have no device. */
  isRange: boolean;
}

/**
 * Networks of one's own: RFC 1918, link-local (RFC 3927), loopback, and the shared space of providers and VPNs (RFC 6598).
 * A range elsewhere belongs to somebody else.
 */
const ownNetworks = new BlockList();
for (const [network, prefix] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
  ['127.0.0.0', 8],
  ['100.64.0.0', 10],
] as const)
  ownNetworks.addSubnet(network, prefix);

const numberOf = (address: string): number => address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
const addressOf = (number: number): string => [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join('.');

const rangeOf = (address: string, prefix: number): Outcome<string[]> => {
  const size = 2 ** (32 - prefix);
  if (isIP(address) !== 4) return { ok: false, refusal: 'address' };
  if (prefix > 32 || size > mostScannedAddresses) return { ok: false, refusal: 'size' };
  const first = numberOf(address) - (numberOf(address) % size);
  const all = Array.from({ length: size }, (_, n) => addressOf(first + n));
  if (![all[0], all.at(-1)].every((each) => each !== undefined && ownNetworks.check(each)))
    return { ok: false, refusal: 'network' };
  // The first address names the network, and the last one speaks to all of it.
  return { ok: true, value: size > 2 ? all.slice(1, -1) : all };
};

const portOf = (text: string | undefined): Outcome<number | undefined> => {
  if (text === undefined) return { ok: true, value: undefined };
  const port = Number(text);
  return port >= 1 && port <= 65_535 ? { ok: true, value: port } : { ok: false, refusal: 'port' };
};

/** A name of DNS or mDNS, or an IPv4 address; in brackets an IPv6 address; then a port. */
const hostPattern = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9](?:[a-z0-9._-]{0,252}[a-z0-9])?))(?::(\d{1,5}))?$/i;
const rangePattern = /^(\d+\.\d+\.\d+\.\d+)\/(\d{1,2})(?::(\d{1,5}))?$/;

/**
 * Reads what was typed: "192.168.1.50", "inverter.local:1502", "[fd00::5]", "192.168.1.0/24".
 * @returns the hosts, or why there are none
 */
export const readScanTarget = (typed: string): Outcome<ScanTarget> => {
  const text = typed.trim();
  const [, network, prefix, rangePort] = rangePattern.exec(text) ?? [];
  const [, ipv6, name, hostPort] = hostPattern.exec(isIP(text) === 6 ? `[${text}]` : text) ?? [];
  const port = portOf(rangePort ?? hostPort);
  if (!port.ok) return port;
  const typedPort = port.value === undefined ? {} : { port: port.value };
  if (network !== undefined) {
    const range = rangeOf(network, Number(prefix));
    return range.ok
      ? { ok: true, value: { hosts: range.value, isRange: range.value.length > 1, ...typedPort } }
      : range;
  }
  const host = ipv6 ?? name;
  // A name made of numbers alone is an address that was typed wrong.
  const isWrongAddress = host !== undefined && /^[\d.]+$/.test(host) && isIP(host) === 0;
  if (host === undefined || isWrongAddress || (ipv6 !== undefined && isIP(ipv6) !== 6))
    return { ok: false, refusal: 'address' };
  return { ok: true, value: { hosts: [host], isRange: false, ...typedPort } };
};
