/** The security block (OCPP 2.0.1 part 2, block A): security events are reported upwards as they come. */
import type { DriverEvent } from '../../driver.ts';
import type { Block } from '../block.ts';
import type { Answer, StationMessage } from '../messages.ts';

/** SecurityEventNotification (OCPP 1.6 security whitepaper, OCPP 2.x). */
const onSecurityEventNotification = (message: Extract<StationMessage, { kind: 'security_event' }>): DriverEvent => ({
  name: 'security_event',
  severity: 'warning',
  code: message.type.slice(0, 256),
  ...(message.info && { message: message.info.slice(0, 1024) }),
});

/** The security block: SecurityEventNotification becomes an event of the model. */
export class SecurityEvents implements Block {
  private readonly station: { event(event: DriverEvent): void };

  constructor(station: { event(event: DriverEvent): void }) {
    this.station = station;
  }

  on(message: StationMessage): Answer | undefined {
    if (message.kind !== 'security_event') return undefined;
    this.station.event(onSecurityEventNotification(message));
    return {};
  }
}
