/** Events of the server and of no station: which station waits for approval, and how the certificate fares. */
import type { Event } from '../../model/event.ts';
import { isoTime } from '../../model/time.ts';
import type { PendingStation } from './approval/pending-stations.ts';
import type { CertificateNotice } from './security/server-certificate.ts';

export interface ServerEvent extends Pick<Event, 'name' | 'severity' | 'code' | 'message'> {
  data: Record<string, string | number | boolean>;
}

/** charger_pending */
export const pendingEventOf = ({ firstSeen, lastSeen, ...facts }: PendingStation): ServerEvent => ({
  name: 'charger_pending',
  severity: 'info',
  data: { ...facts, first_seen: isoTime(firstSeen), last_seen: isoTime(lastSeen) },
});

const severities = { renewed: 'info', refused: 'warning', expiring: 'warning', expired: 'alarm' } as const;

/** certificate_renewed, certificate_refused, certificate_expiring, certificate_expired */
export const certificateEventOf = ({
  kind,
  sentence,
  subject,
  expiresAt,
  daysLeft,
  fault,
}: CertificateNotice): ServerEvent => ({
  name: `certificate_${kind}`,
  severity: severities[kind],
  ...(fault && { code: fault.code }),
  message: sentence,
  data: { subject, expires_at: isoTime(expiresAt), days_left: daysLeft },
});
