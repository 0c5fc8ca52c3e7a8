/** Hashes of an id token, by which a transaction is compared with one that was shown. */
import { hashTag } from '../../../model/identity.ts';

/** OCPP 1.6 §7.11: identifiers do not care about case, their hashes do; readers write them in either case. */
export const hashesOf = (id: string): string[] => [id, id.toUpperCase(), id.toLowerCase()].map(hashTag);
