/** The connection of a link, as those see it who send over it. */
import type { MqttClient } from 'mqtt';
import type { LinkEvent } from './link-events.ts';

export interface Line {
  /** Kept over all connections. */
  client(): MqttClient | undefined;
  isOnline(): boolean;
  /** That is connected, or comes next. */
  server(): string;
  tell(event: LinkEvent): void;
}

/** What a connection left behind. */
export interface Left {
  /** Messages unacknowledged. */
  open: number;
  /** It ended over one of them, as it seems. */
  isBlamed: boolean;
}

/** How a connection ended, as far as it tells something about the messages in flight. */
export interface Ending {
  /** The other side ended it, with no other reason than perhaps what it had received. */
  isByPeer: boolean;
  /** It said that too much was unacknowledged. */
  isCrowded?: boolean;
  /** Of DISCONNECT. */
  reasonCode?: number;
}
