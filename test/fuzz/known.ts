/** The stations that the server under fire knows, and their passwords. */
import { Passwords } from '../../src/drivers/ocpp/security/passwords.ts';

/** Anybody comes in as one of these. */
export const openStations = Array.from({ length: 8 }, (_, i) => `OPEN${i}`);
/** Passwords that a hostile client may happen to know, by identity. */
export const secrets: ReadonlyMap<string, string> = new Map([
  ['CHOSEN', 'an honest password'],
  ['GENERATED', '00112233445566778899aabbccddeeff'],
]);
/** Nobody comes in as one of these: they need TLS or a certificate, and the port is plain. */
export const lockedStations = ['NEEDS-TLS', 'NEEDS-CERTIFICATE'];
/** Comes in over TLS, with the certificate that says so, and in no other way. */
export const certified = 'Test gateway';
/** Never attacked by name, and never harmed. */
export const neighbour = { identity: 'NEIGHBOUR', password: 'ffeeddccbbaa99887766554433221100' };
/** A garage after a power failure, all of them with this password. */
export const crowd = {
  identity: (i: number): string => `CROWD${i}`,
  size: 1000,
  password: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
};

export const passwords = new Passwords(Buffer.alloc(32, 3));
