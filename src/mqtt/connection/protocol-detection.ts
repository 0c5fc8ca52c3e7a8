/**
 * Finds out which protocol a port speaks that hangs up on ours: TLS where CONNECT came without, or MQTT without TLS.
 */
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isEncrypted, type Server } from '../../model/server-address.ts';

const giveUpMs = 2000;

/** CONNECT of MQTT 3.1.1 (§3.1) with a clean session, an empty client identifier and no login. */
const bareConnect = Buffer.from([0x10, 12, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 10, 0, 0]);
/** First byte of CONNACK (MQTT 3.1.1 §3.2.1). */
const connackHeader = 0x20;

const speaksTls = ({ host, port }: Server): Promise<boolean> =>
  new Promise((resolve) => {
    // Nothing is sent over this connection, so the certificate of the server does not matter.
    const socket = connectTls({ host, port, rejectUnauthorized: false, timeout: giveUpMs });
    const finish = (isTls: boolean): void => {
      socket.destroy();
      resolve(isTls);
    };
    socket.once('secureConnect', () => finish(true));
    socket.on('error', ({ message }) => finish(/ alert /.test(message)));
    socket.once('timeout', () => finish(false));
    socket.once('close', () => finish(false));
  });

const speaksMqtt = ({ host, port }: Server): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: giveUpMs }, () => socket.write(bareConnect));
    const finish = (isMqtt: boolean): void => {
      socket.destroy();
      resolve(isMqtt);
    };
    socket.once('data', ([first]) => finish(first === connackHeader));
    socket.on('error', () => finish(false));
    socket.once('timeout', () => finish(false));
    socket.once('close', () => finish(false));
  });

/** @returns the key of the failure that fits better than that of a server that hung up, where one does */
export const detectProtocol = async (server: Server): Promise<'tlsPort' | 'plainPort' | undefined> => {
  if (isEncrypted(server)) return (await speaksMqtt(server)) ? 'plainPort' : undefined;
  return (await speaksTls(server)) ? 'tlsPort' : undefined;
};
