/** The security block (OCPP 2.0.1 part 2, block A): security events are reported upwards as they come. */
import type { DriverEvent } from '../../driver.ts';
import type { Block } from '../block.ts';
import type { Answer, MessageOf } from '../messages.ts';

/** The security block: SecurityEventNotification becomes an event of the model. */
export class SecurityEvents implements Block {
  private readonly station: { event(event: DriverEvent): void };

  constructor(station: { event(event: DriverEvent): void }) {
    this.station = station;
  }

  /** SecurityEventNotification (OCPP 1.6 security whitepaper, OCPP 2.x). */
  onSecurityEventNotification({ type, info }: MessageOf<'security_event'>): Answer {
    this.station.event({
      name: 'security_event',
      severity: 'warning',
      code: type.slice(0, 256),
      ...(info && { message: info.slice(0, 1024) }),
    });
    return {};
  }
}
