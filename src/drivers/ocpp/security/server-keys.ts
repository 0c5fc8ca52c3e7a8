/** The keys of a TLS server, certificate and private key: whether they fit, and what the certificate says. Pure. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { type CodedMessage, createMessageCatalog } from '../../../common/coded-messages.ts';
import { toPlainText } from '../ocpp-j/plain-text.ts';

/** The keys of a TLS server, in PEM. */
export interface ServerKeys {
  /** The server's own first, then those of the authorities above it. */
  cert: string | Buffer;
  key: string | Buffer;
  passphrase?: string;
  /** Authorities (CA) that sign the certificates of stations. */
  ca?: string | Buffer | (string | Buffer)[];
}

/** English sentences by code; the catalogs of ems-ocpp-server translate the codes ("certificate.fault"). */
export const faultSentences = {
  unreadable: 'a file cannot be read: __fault__',
  no_certificate: 'the certificate is none, or not whole',
  no_authority: 'the authority (CA) for stations is none, or not whole',
  no_key: 'the private key is none, or not whole, or its passphrase is another one',
  no_pair: 'certificate and private key do not belong together',
  not_taken: 'TLS does not take it: __fault__',
} as const;

const faults = createMessageCatalog(faultSentences);
/** @returns the English sentence of a fault */
export const { sentenceOf: faultSentenceOf } = faults;
export type CertificateFault = CodedMessage<keyof typeof faultSentences>;

export interface CertificateFacts {
  /** Common name, or the whole subject where there is none. */
  subject: string;
  /** Wall clock, ms since 1970. */
  expiresAt: number;
}

/** Characters of a subject that are shown. */
const longestSubject = 100;

const parse = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

const begins = /-----BEGIN [A-Z0-9 ]*CERTIFICATE-----/g;
const wholes = /-----BEGIN ([A-Z0-9 ]*CERTIFICATE)-----[^-]+-----END \1-----/g;

/** TLS takes what it can read of a file that is cut off. @returns whether a file holds certificates, and all are whole */
const isWhole = (pem: string | Buffer): boolean => {
  const text = pem.toString();
  const [count, found] = [text.match(begins)?.length, text.match(wholes) ?? []];
  return count === found.length && found.every((each) => parse(() => new X509Certificate(each)));
};

const readKey = ({ key, passphrase }: ServerKeys): KeyObject | undefined =>
  parse(() => createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) }));

/** @returns what the certificate says, or why TLS would not work with these keys */
export const readServerKeys = (keys: ServerKeys): CertificateFacts | CertificateFault => {
  const certificate = parse(() => new X509Certificate(keys.cert));
  if (!certificate || !isWhole(keys.cert)) return faults.create('no_certificate');
  if (keys.ca !== undefined && ![keys.ca].flat().every(isWhole)) return faults.create('no_authority');
  const key = readKey(keys);
  if (!key) return faults.create('no_key');
  if (!certificate.checkPrivateKey(key)) return faults.create('no_pair');
  try {
    createSecureContext(keys);
  } catch (error) {
    return faults.create('not_taken', { fault: (error as Error).message });
  }
  const name = /^CN=(.+)$/m.exec(certificate.subject)?.[1] ?? certificate.subject ?? '';
  return { subject: toPlainText(name, longestSubject), expiresAt: Date.parse(certificate.validTo) };
};

/** @param error of reading the files */
export const unreadable = (error: unknown): CertificateFault =>
  faults.create('unreadable', { fault: error instanceof Error ? error.message : String(error) });
