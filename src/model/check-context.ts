/** Knowledge that the check of a message needs beside the message itself. */
import { validateFields } from './limits.ts';
import type { Topic } from './topic.ts';

/** Limits of what a message may say. */
export interface CheckLimits {
  /** Largest payload that is parsed at all, bytes. */
  maxBytes: number;
  /** Deepest nesting of objects and arrays. */
  maxDepth: number;
  /** How far ahead of our clock a time may be before the reception time replaces it, ms. */
  futureMs: number;
  /** Older readings are refused unless they are retained or marked late, ms. */
  pastMs: number;
}

/** The limits of a node whose form says nothing else. */
export const defaultLimits: CheckLimits = {
  maxBytes: validateFields.maxBytes.default,
  maxDepth: 10,
  futureMs: validateFields.future.default * 1000,
  pastMs: validateFields.past.default * 3_600_000,
};

/** Knowledge that the check of a message needs beside the message. */
export interface CheckContext {
  /** Wall clock, ms since 1970. */
  now: number;
  /** Whether the message came with the retain flag: its age says nothing then. */
  retained?: boolean;
  /** Whether a device's meta declares this component's quantity, for types the model does not know. */
  isDeclared?: (topic: Topic) => boolean;
  limits?: CheckLimits;
}
