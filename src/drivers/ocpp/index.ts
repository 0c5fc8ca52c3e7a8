/** The face of OCPP: all that nodes and the simulator may import. */
export { isDecision, stationDecision } from './approval/decision-message.ts';
export { AuthorizationRequests } from './authorization/authorization-requests.ts';
export { mostTags, parseTagLine } from './codec/card-list.ts';
export { codecFor } from './codec/codec-by-version.ts';
export {
  backendUrl,
  chargePointFields,
  expirySoonDays,
  headerName,
  isIdentity,
  longestIdentity,
  ocppServerFields,
} from './codec/limits.ts';
export type { Csms } from './csms.ts';
export { createOcppDriver, type OcppDriver } from './driver.ts';
export { OcppServer } from './ocpp-server.ts';
export { listPresets } from './presets.ts';
export type { ListenerOptions } from './security/listener.ts';
export { CertificateError } from './security/server-certificate.ts';
export { StationBinding } from './station-binding.ts';
export { driverOptionsOf, stationSettingsOf } from './station-options.ts';
