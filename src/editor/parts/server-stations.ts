/** The stations of a deployed OCPP server, as its form asks for them. Texts of stations are shown as text, never as html. */
import * as z from 'zod/mini';
import { type Answer, get, post } from '../request.ts';

const pendingStation = z.object({
  identity: z.string(),
  version: z.string(),
  address: z.string(),
  isSecure: z.boolean(),
  hasPassword: z.boolean(),
  vendor: z.optional(z.string()),
  model: z.optional(z.string()),
  serial: z.optional(z.string()),
  firmware: z.optional(z.string()),
  /** ms since 1970. */
  lastSeen: z.number(),
});
/** A station that waits for approval. */
export type PendingStation = z.infer<typeof pendingStation>;

const rejectedStation = z.object({
  identity: z.string(),
  address: z.string(),
  vendor: z.optional(z.string()),
  model: z.optional(z.string()),
  /** ms since 1970. */
  at: z.number(),
});
/** A station that was rejected by hand. */
export type RejectedStation = z.infer<typeof rejectedStation>;

const reason = z.object({ code: z.string(), params: z.optional(z.record(z.string(), z.unknown())) });

const refusedHandshake = z.extend(reason, {
  address: z.string(),
  identity: z.optional(z.string()),
  /** The last one, ms since 1970. */
  at: z.number(),
  count: z.number(),
});
/** A handshake that was refused, with the reason as a key of the catalog. */
export type RefusedHandshake = z.infer<typeof refusedHandshake>;

const certificate = z.object({
  subject: z.string(),
  /** ms since 1970. */
  expiresAt: z.number(),
  /** Below 0: it has expired. */
  daysLeft: z.number(),
  fault: z.optional(reason),
});
/** The certificate that the server shows new connections. */
export type ServerCertificate = z.infer<typeof certificate>;

const serverStations = z.object({
  /** False: the server is new, switched off, or not deployed yet. */
  isDeployed: z._default(z.boolean(), true),
  ports: z._default(z.array(z.number()), []),
  connected: z._default(z.number(), 0),
  pending: z._default(z.array(pendingStation), []),
  rejected: z._default(z.array(rejectedStation), []),
  refusals: z._default(z.array(refusedHandshake), []),
  certificate: z.optional(certificate),
});
/** Answer of ems/ocpp/<server>/stations. */
export type ServerStations = z.infer<typeof serverStations>;

/** ms between two looks at who waits. */
export const lookEveryMs = 3000;

/** @param server id of its node */
export const askStations = (server: string): Promise<Answer<ServerStations>> =>
  get(`ems/ocpp/${server}/stations`, serverStations);

/** A decision about a station; adopt: the password with which the station comes is right from now on. */
export type Decision =
  | { decision: 'approve'; identity: string; device: string; adopt: boolean }
  | { decision: 'reject' | 'take_back'; identity: string };

/** Decides about a station that waits or was rejected. */
export const decide = (server: string, decision: Decision): Promise<Answer<unknown>> =>
  post(`ems/ocpp/${server}/decide`, decision, z.unknown());

/** "Acme M1", as far as the station has said it. */
export const nameplate = ({ vendor, model }: { vendor?: string | undefined; model?: string | undefined }): string =>
  [vendor, model].filter(Boolean).join(' ');
