/** What one attempt to connect, and the connection it led to, has shown: the material from which its end is explained. */
import type { Duplex } from 'node:stream';
import type { IConnackPacket, IDisconnectPacket, Packet } from 'mqtt';
import { receiveMaximumExceeded } from './reason-codes.ts';

/** @returns whether what came could not be read: mqtt.js gives such errors no code, and reads nothing any more */
export const isMalformed = (error: Error): boolean =>
  !('code' in error) && !/timeout|not authorized/i.test(error.message);

/** @returns whether the other side ended the connection, and said nothing that could be heard */
export const isReset = (error: Error): boolean =>
  'code' in error && /^(ECONNRESET|EPIPE|ECONNABORTED)$/.test(String(error.code));

export class ConnectionTrace {
  /** The first one: those that follow are consequences. */
  error: Error | undefined;
  connack: IConnackPacket | undefined;
  disconnect: IDisconnectPacket | undefined;
  /** The transport was there. */
  isOpen = false;
  /** The first byte that came. */
  firstByte: number | undefined;
  /** We ended it. */
  isOurs = false;

  watch(stream: Duplex): void {
    stream.on('error', (error) => this.failed(error));
    for (const event of ['connect', 'secureConnect'])
      stream.once(event, () => {
        this.isOpen = true;
      });
    stream.once('data', (chunk: Buffer) => {
      this.isOpen = true;
      this.firstByte ??= chunk[0];
    });
  }

  failed(error: Error): void {
    this.error ??= error;
  }

  /**
   * The server said that too much was unacknowledged: as MQTT 5 wants it, or perhaps in PUBREC, as EMQX does; mqtt.js
   * takes that for a malformed packet, and gives no code away.
   */
  get isCrowded(): boolean {
    const isInPubrec = /^Invalid pubrec reason code/.test(this.error?.message ?? '');
    return isInPubrec || this.disconnect?.reasonCode === receiveMaximumExceeded;
  }

  heard(packet: Packet): void {
    if (packet.cmd === 'connack') this.connack = packet;
    if (packet.cmd === 'disconnect') this.disconnect = packet;
  }

  /** The server said welcome. */
  get isAccepted(): boolean {
    return this.connack !== undefined && (this.connack.reasonCode ?? this.connack.returnCode ?? 0) === 0;
  }
}
