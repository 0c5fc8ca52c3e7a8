/** The codec of each version. */
import type { Version } from '../messages.ts';
import type { Codec } from './codec.ts';
import { codec21, codec201 } from './codec-2.ts';
import { codec16 } from './codec-16.ts';

const codecs: Record<Version, Codec> = { '1.6': codec16, '2.0.1': codec201, '2.1': codec21 };

/** @returns the codec of a version */
export const codecFor = (version: Version): Codec => codecs[version];
