/**
 * The certificates of the folder certificates/: an authority, a server at 127.0.0.1, a client (and the same, expired),
 * a stranger, and self-signed servers whose time has not come yet (early) or is over (outdated).
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

type Owner = 'server' | 'client' | 'expired' | 'stranger' | 'early' | 'outdated';

export const certificatePath = (file: `${Owner}.${'crt' | 'key'}` | 'ca.crt'): string =>
  fileURLToPath(new URL(`certificates/${file}`, import.meta.url));

export const authority = (): Buffer => readFileSync(certificatePath('ca.crt'));

export const identityOf = (owner: Owner): { cert: Buffer; key: Buffer } => ({
  cert: readFileSync(certificatePath(`${owner}.crt`)),
  key: readFileSync(certificatePath(`${owner}.key`)),
});
