/** What is told of the server and of no station of it: who waits for approval, and how its certificate fares. */
import type { Event } from '../../model/event.ts';
import { isoTime } from '../../model/time.ts';
import type { CertificateNews } from './link/certificate-keeper.ts';
import type { PendingStation } from './station/pending.ts';

export interface ServerEvent extends Pick<Event, 'name' | 'severity' | 'code' | 'message'> {
  data: Record<string, string | number | boolean>;
}

export const eventOfStation = ({ firstSeen, lastSeen, ...facts }: PendingStation): ServerEvent => ({
  name: 'charger_pending',
  severity: 'info',
  data: { ...facts, first_seen: isoTime(firstSeen), last_seen: isoTime(lastSeen) },
});

const severities = { renewed: 'info', refused: 'warning', expiring: 'warning', expired: 'alarm' } as const;

export const eventOfCertificate = ({
  kind,
  sentence,
  subject,
  expiresAt,
  daysLeft,
  fault,
}: CertificateNews): ServerEvent => ({
  name: `certificate_${kind}`,
  severity: severities[kind],
  ...(fault && { code: fault.code }),
  message: sentence,
  data: { subject, expires_at: isoTime(expiresAt), days_left: daysLeft },
});
