/** Reason Codes of CONNACK and DISCONNECT (MQTT 5 §2.4) and return codes of MQTT 3.1.1 (§3.2.2.3), by their names. */

const names: Record<number, string> = {
  128: 'unspecifiedError',
  129: 'malformedPacket',
  130: 'protocolError',
  131: 'implementationSpecificError',
  132: 'unsupportedProtocolVersion',
  133: 'clientIdentifierNotValid',
  134: 'badUserNameOrPassword',
  135: 'notAuthorized',
  136: 'serverUnavailable',
  137: 'serverBusy',
  138: 'banned',
  139: 'serverShuttingDown',
  140: 'badAuthenticationMethod',
  141: 'keepAliveTimeout',
  142: 'sessionTakenOver',
  143: 'topicFilterInvalid',
  144: 'topicNameInvalid',
  147: 'receiveMaximumExceeded',
  148: 'topicAliasInvalid',
  149: 'packetTooLarge',
  150: 'messageRateTooHigh',
  151: 'quotaExceeded',
  152: 'administrativeAction',
  153: 'payloadFormatInvalid',
  154: 'retainNotSupported',
  155: 'qosNotSupported',
  156: 'useAnotherServer',
  157: 'serverMoved',
  158: 'sharedSubscriptionsNotSupported',
  159: 'connectionRateExceeded',
  160: 'maximumConnectTime',
  161: 'subscriptionIdentifiersNotSupported',
  162: 'wildcardSubscriptionsNotSupported',
};

/** MQTT 3.1.1 Table 3.1 */
const returnCodes: Record<number, number> = { 1: 132, 2: 133, 3: 136, 4: 134, 5: 135 };

/** @returns the Reason Code of MQTT 5 for the code of a CONNACK in any version */
export const connackReasonCode = (code: number): number => returnCodes[code] ?? code;

/** @returns the name of a Reason Code as the catalogs have it below "refusal"; undefined where none is known */
export const reasonName = (code: number): string | undefined => names[code];

/** Reason Codes with which a server ends a connection over a packet, rather than over the client or itself. */
const overMessage = new Set([128, 129, 130, 131, 135, 144, 148, 149, 150, 151, 153, 154, 155]);

/** A client has sent more than the Receive Maximum of the server (MQTT 5 §3.3.4). */
export const receiveMaximumExceeded = 147;

/** Whether a server that says this in DISCONNECT ends the connection over a message it has received. */
export const isOverMessage = (code: number): boolean => overMessage.has(code);
