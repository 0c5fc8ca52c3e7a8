/** Topics that clients of the embedded broker may publish to. */

/**
 * Topics that begin with $SYS are the broker's own (MQTT 3.1.1 §4.7.2); wildcards stand in filters only (MQTT-3.3.2-2).
 */
export const mayPublish = (topic: string): boolean => !/^\$SYS\/|[+#\0]/.test(topic);
