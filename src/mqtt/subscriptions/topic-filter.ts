/** Topic Filters (MQTT 5 §4.7, MQTT 3.1.1 §4.7). */

/** MQTT-4.7.3-3 */
const longestBytes = 65_535;

/** Whether a text is a well-formed Topic Filter: MQTT-4.7.1-1, MQTT-4.7.1-2, MQTT-4.7.3-1, -2 and -3. */
export const isFilter = (filter: string): boolean => {
  if (filter === '' || filter.includes('\0') || Buffer.byteLength(filter) > longestBytes) return false;
  const levels = filter.split('/');
  return levels.every((level, i) => (level === '#' ? i === levels.length - 1 : level === '+' || !/[+#]/.test(level)));
};

/** Whether every topic that matches the narrow filter matches the wide one, too. */
export const covers = (wide: string, narrow: string): boolean => {
  const a = wide.split('/');
  const b = narrow.split('/');
  for (let i = 0; i < a.length; i++) {
    if (a[i] === '#') return true;
    const level = b[i];
    if (level === undefined || level === '#') return false;
    if (a[i] !== '+' && a[i] !== level) return false;
  }
  return a.length === b.length;
};

/** Beginning of a shared subscription: "$share/", its ShareName and a slash (MQTT 5 §4.8.2). */
const sharePrefix = /^\$share\/[^/+#]+\/(?=.)/;

/** Whether a filter is of a shared subscription, whose messages go to one member of its group each. */
export const isShared = (filter: string): boolean => sharePrefix.test(filter);

/** @returns the Topic Filter that topics match: that of a shared subscription without its group */
export const topicFilterOf = (filter: string): string => filter.replace(sharePrefix, '');

/** @returns the filter with a prefix before its topics, thus behind the group of a shared subscription */
export const prefixedFilter = (prefix: string, filter: string): string => {
  const [share = ''] = sharePrefix.exec(filter) ?? [];
  return share + prefix + filter.slice(share.length);
};
