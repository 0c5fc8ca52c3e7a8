/** Addresses of brokers, as they are written in a form. */

/** Address of one server. */
export interface Server {
  protocol: 'mqtt' | 'mqtts' | 'ws' | 'wss';
  host: string;
  port: number;
  /** Path of a WebSocket address. */
  path?: string;
}

/** @returns the address as a URL, without user and password */
export const describeServer = ({ protocol, host, port }: Server): string => `${protocol}://${host}:${port}`;

/** Whether nobody on the way can read what is sent there, passwords among it. */
export const isEncrypted = ({ protocol }: Server): boolean => protocol === 'mqtts' || protocol === 'wss';

/** @returns a server without TLS that would be tried after one with it */
export const plainFallback = (servers: Server[]): Server | undefined => {
  const first = servers.findIndex(isEncrypted);
  return first < 0 ? undefined : servers.slice(first).find((server) => !isEncrypted(server));
};

const standardPorts: Record<Server['protocol'], number> = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 };
const addressPattern = /^(?:(mqtts?|wss?):\/\/)?([^:/\s]+|\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?(\/\S*)?$/;

/** @param address like mqtts://broker.example:8883; without a protocol, mqtt */
export const parseServer = (address: string): Server | undefined => {
  const match = addressPattern.exec(address.trim());
  if (!match) return undefined;
  const [, scheme = 'mqtt', name = '', digits, path] = match;
  const protocol = scheme as Server['protocol'];
  const port = Number(digits ?? standardPorts[protocol]);
  if (port < 1 || port > 65_535) return undefined;
  const host = name.replace(/^\[|\]$/g, '');
  return { protocol, host, port, ...(path && protocol.startsWith('ws') ? { path } : {}) };
};
