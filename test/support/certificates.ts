/**
 * The certificates of folder certificates/: an authority, a server at 127.0.0.1, a client (and as it was: expired), a
 * stranger, and servers that vouch for themselves, before (early) and after (outdated) their time.
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
