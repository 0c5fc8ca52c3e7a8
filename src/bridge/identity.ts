/** Tags of people are personal data: what leaves the bridge cannot be read back. */
import { createHash } from 'node:crypto';

export const hashTag = (tag: string): string => createHash('sha256').update(tag).digest('hex').slice(0, 16);
