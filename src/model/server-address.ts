/** Addresses of MQTT servers as an integrator writes them: mqtts://broker.example:8883. The form and the link read them. */

/** One server of a broker's list. */
export interface Server {
  protocol: 'mqtt' | 'mqtts' | 'ws' | 'wss';
  host: string;
  port: number;
  /** Path of a websocket. */
  path?: string;
}

const standardPorts: Record<Server['protocol'], number> = { mqtt: 1883, mqtts: 8883, ws: 80, wss: 443 };
const addressPattern = /^(?:(mqtts?|wss?):\/\/)?([^:/\s]+|\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?(\/\S*)?$/;

const isProtocol = (text: string): text is Server['protocol'] => Object.hasOwn(standardPorts, text);

/**
 * @param address like mqtts://broker.example:8883; without a protocol, mqtt
 * @returns undefined where the text is no such address
 */
export const parseServer = (address: string): Server | undefined => {
  const match = addressPattern.exec(address.trim());
  if (!match) return undefined;
  const [, protocol = 'mqtt', name = '', digits, path] = match;
  if (!isProtocol(protocol)) return undefined;
  const port = Number(digits ?? standardPorts[protocol]);
  if (port < 1 || port > 65_535) return undefined;
  const host = name.replace(/^\[|\]$/g, '');
  return { protocol, host, port, ...(path && protocol.startsWith('ws') ? { path } : {}) };
};

/** "mqtts://broker.example:8883", without the path of a websocket. */
export const describeServer = ({ protocol, host, port }: Server): string => `${protocol}://${host}:${port}`;

/** Whether the server is reached over TLS: nobody on the way can read passwords and data. */
export const isEncrypted = ({ protocol }: Server): boolean => protocol === 'mqtts' || protocol === 'wss';

/** @returns a server without TLS that would be tried after one with TLS */
export const plainFallback = <Given extends Server>(servers: Given[]): Given | undefined => {
  const first = servers.findIndex(isEncrypted);
  return first < 0 ? undefined : servers.slice(first).find((server) => !isEncrypted(server));
};
