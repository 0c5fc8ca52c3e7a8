/** Reason codes of CONNACK and DISCONNECT (MQTT 5 §2.4) and return codes of MQTT 3.1.1 (§3.2.2.3), by their names. */

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

/** @returns a code of MQTT 5 for one of CONNACK in any version */
export const connackReason = (code: number): number => returnCodes[code] ?? code;

export const reasonName = (code: number): string | undefined => names[code];

/** What a server says when it ends a connection over something it has received, rather than over us or itself. */
const blamesMessage = new Set([128, 129, 130, 131, 135, 144, 148, 149, 150, 151, 153, 154, 155]);

/** Receive Maximum exceeded. */
export const receiveMaximumExceeded = 147;

export const isOverMessage = (code: number): boolean => blamesMessage.has(code);
