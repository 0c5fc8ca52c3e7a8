/** The origin of a request, and how well it was guarded on its way: told by the socket, or by a known proxy. */
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';
import type { Reason } from './rejection-reasons.ts';

/** Proxies whose headers are believed. */
export interface Proxies {
  /** IP addresses, or networks as "10.0.0.0/8". */
  addresses: readonly string[];
  /**
   * Header in which the proxy puts the name of a client certificate that it has checked, in small letters: the common
   * name (HAProxy), or all of the subject (nginx $ssl_client_s_dn, Traefik).
   */
  certificateHeader?: string;
}

export interface Origin {
  /** IP address. */
  address: string;
  /** The request came over TLS. */
  isSecure: boolean;
  /** Common name of a client certificate that somebody we trust has checked. */
  certificate?: string;
  /** Why a client certificate that is there does not count. */
  certificateFault?: Reason;
}

/** The proxies of one server. */
export class TrustedProxies {
  /** The header of a proxy with the name of a client certificate. */
  readonly certificateHeader: string | undefined;
  private readonly list = new BlockList();

  /** @throws Error where an entry is neither an IP address nor a network */
  constructor({ addresses, certificateHeader }: Proxies) {
    this.certificateHeader = certificateHeader;
    for (const entry of addresses) {
      const [network = '', bits] = entry.split('/');
      const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
      if (isIP(network) === 0) throw new Error(`proxy ${entry}: an IP address or a network is expected`);
      if (bits === undefined) this.list.addAddress(network, family);
      else this.list.addSubnet(network, Number(bits), family);
    }
  }

  has(address: string): boolean {
    return isIP(address) !== 0 && this.list.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
}

/** IPv4-mapped addresses of IPv6 are written as IPv4. */
export const plainAddress = (address: string | undefined): string => address?.replace(/^::ffff:(?=[\d.]+$)/, '') ?? '';

const first = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);

/**
 * @returns the common name in a subject as RFC 4514 or OpenSSL write it; where it could be read in another way as well,
 * all of it, which is nobody's name: what an owner writes into another field is not to pass for his name
 */
const commonNameOf = (header: string): string => {
  let text = header;
  try {
    text = decodeURIComponent(header);
  } catch {
    // A header that is not percent-encoded is read as it is.
  }
  const isSubject = /^[/\s]*[a-z][\w.]*\s*=/i.test(text) && !text.includes('\\');
  const [name, another] = isSubject ? [...text.matchAll(/(?:^|[,/;"\s+=])CN\s*=\s*([^,/;"+]+)/gi)] : [];
  return (another ? text : (name?.[1] ?? text)).trim();
};

/**
 * The headers of a proxy count only where the socket is that of a known proxy.
 * @param direct what the socket itself tells
 */
export const readOrigin = (direct: Origin, headers: IncomingHttpHeaders, proxies: TrustedProxies): Origin => {
  const { certificateHeader } = proxies;
  const forwarded = first(headers['x-forwarded-for']);
  // Without that header a proxy speaks for itself: it may be the computer of a station, too.
  if (!forwarded || !proxies.has(direct.address)) return direct;
  // Each proxy appends whom it saw: the last one that is no proxy of ours is the station.
  const chain = forwarded.split(',').map((part) => plainAddress(part.trim()));
  const address = chain.findLast((part) => isIP(part) !== 0 && !proxies.has(part)) ?? direct.address;
  const isSecure = direct.isSecure || first(headers['x-forwarded-proto'])?.trim().toLowerCase() === 'https';
  const header = certificateHeader === undefined ? undefined : first(headers[certificateHeader]);
  const certificate = header && commonNameOf(header);
  return { address, isSecure, ...(certificate && { certificate }) };
};
