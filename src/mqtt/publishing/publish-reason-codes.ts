/**
 * Reason Codes of PUBACK, PUBREC and PUBCOMP for a message that was not taken (MQTT 5 §3.4.2.1, §3.5.2.1), in words.
 */

/** Packet Identifier in use: at the server, the identifier belongs to another message; another identifier will do. */
export const packetIdentifierInUse = 0x91;
/** Packet Identifier not found, in PUBCOMP: the message was released before, and the answer did not arrive. */
export const packetIdentifierNotFound = 0x92;

const words: Record<number, string> = {
  128: 'the broker gives no reason (0x80); its log may',
  131: 'it does not fit the rules of the broker (0x83); its log has more',
  135: 'this client is not authorised to publish there (0x87); allow the topic in the access rules of the broker',
  144: 'the broker does not accept this topic (0x90); see its rules for topic names, and the prefix of the broker node',
  147: 'too many messages were unacknowledged (0x93)',
  151: 'a quota of the broker was exceeded (0x97); raise its limits, or publish less',
  153: 'the broker checks the payload and found another format (0x99)',
};

/** @param triedForS seconds for which the message was tried, where it was tried more than once */
export const publishRefusal = (topic: string, reasonCode: number, triedForS?: number): Error => {
  const reason = words[reasonCode] ?? `reason code 0x${reasonCode.toString(16).padStart(2, '0')}`;
  const trying = triedForS === undefined ? '' : ` for ${Math.round(triedForS / 60)} min`;
  return new Error(`${topic}: the broker refused this message${trying}: ${reason}`);
};

/**
 * @returns the Reason Code that mqtt.js puts into its errors (MQTT 5); undefined: the error is no answer of a server
 */
export const reasonCodeOf = (error: Error | undefined): number | undefined => {
  const code = error && 'code' in error ? error.code : undefined;
  return typeof code === 'number' ? code : undefined;
};
