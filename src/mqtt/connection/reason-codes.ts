/**
 * Reason Codes of CONNACK and DISCONNECT (MQTT 5 §2.4) and return codes of MQTT 3.1.1 (§3.2.2.3) in words: each has the
 * key of a sentence below "refusal" in the catalog of the broker node.
 */

/** Keys of sentences: the names of the Reason Codes. */
const sentences: Record<number, string> = {
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

/** Refusals of a login: their sentences name the user, and say nothing to an integrator who entered none. */
const loginRefusals = new Set(['badUserNameOrPassword', 'notAuthorized']);

/**
 * @param code of CONNACK or DISCONNECT, in any version
 * @param user name of the login; empty where none was entered
 * @returns the key of the sentence that says why the server refused or ended the connection
 */
export const reasonSentence = (code: number, user: string): string => {
  const name = sentences[connackReasonCode(code)] ?? 'unspecifiedError';
  return loginRefusals.has(name) && user === '' ? 'userMissing' : name;
};

/** Reason Codes with which a server ends a connection over a packet, rather than over the client or itself. */
const overMessage = new Set([128, 129, 130, 131, 135, 144, 148, 149, 150, 151, 153, 154, 155]);

/** A client has sent more than the Receive Maximum of the server (MQTT 5 §3.3.4). */
export const receiveMaximumExceeded = 147;

/** Whether a server that says this in DISCONNECT ends the connection over a message it has received. */
export const isOverMessage = (code: number): boolean => overMessage.has(code);
