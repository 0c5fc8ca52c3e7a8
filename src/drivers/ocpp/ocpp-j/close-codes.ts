/** Codes and reasons with which a WebSocket is closed. */
import { toPlainText } from './plain-text.ts';

/** RFC 6455 §7.4.1, and the registry of close codes at IANA. */
export const closeCode = {
  goingAway: 1001,
  protocolError: 1002,
  brokenOff: 1006,
  policyViolation: 1008,
  messageTooBig: 1009,
  tryAgainLater: 1013,
} as const;

/** RFC 6455 §5.5: a control frame carries 125 bytes, two of them are the code. */
const longestReason = 120;

/** Cuts the reason of a close to what fits. */
export const cutReason = (reason: string): string => Buffer.from(reason).subarray(0, longestReason).toString();

/** @returns why the station has closed a connection, in words */
export const describeClose = (code: number, reason: string): string => {
  if (code === closeCode.brokenOff) return 'the connection broke off';
  return reason ? `closed by the station: ${toPlainText(reason, longestReason)}` : 'closed by the station';
};
