/** Everything that one attempt to connect, and the connection it led to, has shown: from it, its end is explained. */
import type { Duplex } from 'node:stream';
import type { IConnackPacket, IDisconnectPacket } from 'mqtt';
import { receiveMaximumExceeded } from './reason-codes.ts';

/** Whether a packet could not be read: mqtt.js gives such errors no code, and reads nothing any more. */
export const isMalformed = (error: Error): boolean =>
  !('code' in error) && !/timeout|not authorized/i.test(error.message);

/** Whether the server ended the connection without a packet that says why. */
export const isReset = (error: Error): boolean =>
  'code' in error && /^(ECONNRESET|EPIPE|ECONNABORTED)$/.test(String(error.code));

/** One connection as it has been seen so far. */
export class ConnectionTrace {
  /** The first error: those that follow are consequences. */
  error: Error | undefined;
  connack: IConnackPacket | undefined;
  disconnect: IDisconnectPacket | undefined;
  /** TCP, TLS where it is used, and WebSocket where it is used, were there. */
  isOpen = false;
  /** The first byte that came. */
  firstByte: number | undefined;
  /** This client ended the connection. */
  isOurEnd = false;

  watch(stream: Duplex): void {
    stream.on('error', (error) => this.onError(error));
    for (const event of ['connect', 'secureConnect'])
      stream.once(event, () => {
        this.isOpen = true;
      });
    stream.once('data', (chunk: Buffer) => {
      this.isOpen = true;
      this.firstByte ??= chunk[0];
    });
  }

  onError(error: Error): void {
    this.error ??= error;
  }

  /**
   * Whether the server said that its Receive Maximum was exceeded: in DISCONNECT as MQTT 5 wants it (§3.3.4), or
   * perhaps in PUBREC as EMQX does; mqtt.js takes that for a malformed packet, and gives no code away.
   */
  get isReceiveMaximumExceeded(): boolean {
    const isInPubrec = /^Invalid pubrec reason code/.test(this.error?.message ?? '');
    return isInPubrec || this.disconnect?.reasonCode === receiveMaximumExceeded;
  }

  /** CONNACK and DISCONNECT say how the connection begins and ends. */
  onPacket(packet: IConnackPacket | IDisconnectPacket): void {
    if (packet.cmd === 'connack') this.connack = packet;
    else this.disconnect = packet;
  }

  /** Whether CONNACK accepted the connection. */
  get isAccepted(): boolean {
    return this.connack !== undefined && (this.connack.reasonCode ?? this.connack.returnCode ?? 0) === 0;
  }
}
