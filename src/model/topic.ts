/**
 * The topic grammar as parse and format, exact inverses of each other.
 *
 *   devices/101/battery/soc          devices/102/ev_charger/1/status
 *   sites/3/energy                   system/heartbeat/server1
 */
import type { Result } from './time.ts';

export const phases = ['l1', 'l2', 'l3', 'n', 'l1_l2', 'l2_l3', 'l3_l1'] as const;
export type Phase = (typeof phases)[number];

export const systemAreas = [
  'heartbeat',
  'status',
  'metrics',
  'event',
  'command',
  'response',
  'discovery',
  'schema',
  'leader',
] as const;
type SystemArea = (typeof systemAreas)[number];

export type Action = 'command' | 'response' | 'setpoint';

/** A device, or one component of it: its type and, where there are several, its 1-based index. */
interface Component {
  device: string;
  type: string;
  index?: number;
}

export type Topic =
  | ({ kind: 'reading'; quantity: string; part?: string } & Component)
  | ({ kind: 'action'; action: Action; verb: string } & Component)
  | ({ kind: 'component_event'; name: string } & Component)
  | ({ kind: 'component_meta' } & Component)
  | { kind: 'availability'; device: string }
  | { kind: 'meta'; device: string }
  | { kind: 'event'; device: string; name: string }
  | { kind: 'site_value'; site: string; name: string; sub?: string }
  | { kind: 'site_action'; site: string; action: 'command' | 'response'; verb: string }
  | { kind: 'site_availability'; site: string }
  | { kind: 'site_meta'; site: string }
  | { kind: 'site_event'; site: string; name: string }
  | { kind: 'system'; area: SystemArea; node: string; name?: string };

export const idPattern = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
/** idPattern in words, after the name of what it is about. */
export const idRule = 'is 1 to 64 letters, digits, "_", "-" or ".", beginning with a letter or digit';
export const wordPattern = /^[a-z][a-z0-9_]{0,47}$/;
/** A component as commands name it: a type and, where there are several, its index: "battery", "ev_charger/2". */
export const componentPattern = /^[a-z][a-z0-9_]{0,47}(\/[1-9][0-9]{0,8})?$/;
const subPattern = /^[a-z0-9][a-z0-9_]{0,47}$/;
const indexPattern = /^[1-9][0-9]{0,8}$/;
const partPattern = /^(l1|l2|l3|n|l1_l2|l2_l3|l3_l1|t[1-9])$/;

const prefixPattern = /^(?!\$)[^/+#\0]+(\/(?!\$)[^/+#\0]+)*\/?$/;

/** @returns whether all topics may begin with a text: levels without wildcards, none beginning with "$" */
export const isPrefix = (text: string): boolean => text.length <= 128 && prefixPattern.test(text);

/** Longest topic that is looked at, prefix excluded. */
export const maxTopicLength = 256;

const reserved = new Set([
  'command',
  'response',
  'setpoint',
  'event',
  'meta',
  'availability',
  'devices',
  'sites',
  'system',
]);

/** A word that may name a type, a quantity or a site value: snake_case and not reserved. */
export const isFreeWord = (word: string): boolean => wordPattern.test(word) && !reserved.has(word);

const no = (reason: string): Result<Topic> => ({ ok: false, reason });
const yes = (value: Topic): Result<Topic> => ({ ok: true, value });
const isAction = (word: string): word is Action => word === 'command' || word === 'response' || word === 'setpoint';
const isArea = (word: string): word is SystemArea => (systemAreas as readonly string[]).includes(word);

const parseComponent = (device: string, type: string, rest: string[]): Result<Topic> => {
  if (!isFreeWord(type)) return no(`"${type}" is not a device type: lower snake_case, not a reserved word`);
  const component: Component = { device, type };
  let at = 0;
  const first = rest[0];
  if (first !== undefined && indexPattern.test(first)) {
    component.index = Number(first);
    at = 1;
  }
  const [word, next, ...extra] = rest.slice(at);
  if (word === undefined) return no('no quantity after the device type');
  if (extra.length > 0) return no(`too many levels after "${word}/${next}"`);
  if (isAction(word)) {
    if (next === undefined || !wordPattern.test(next)) return no(`"${word}" needs a verb in lower snake_case after it`);
    return yes({ kind: 'action', ...component, action: word, verb: next });
  }
  if (word === 'event') {
    if (next === undefined || !wordPattern.test(next)) return no('"event" needs a name in lower snake_case after it');
    return yes({ kind: 'component_event', ...component, name: next });
  }
  if (word === 'meta')
    return next === undefined ? yes({ kind: 'component_meta', ...component }) : no('nothing may follow "meta"');
  if (!isFreeWord(word)) return no(`"${word}" is not a quantity: lower snake_case, not a reserved word`);
  if (next === undefined) return yes({ kind: 'reading', ...component, quantity: word });
  if (!partPattern.test(next))
    return no(`"${next}" is neither a phase (l1, l2, l3, n, l1_l2, ...) nor a register (t1..t9)`);
  return yes({ kind: 'reading', ...component, quantity: word, part: next });
};

const parseDevice = (levels: string[]): Result<Topic> => {
  const [device, second, third, ...rest] = levels;
  if (device === undefined || !idPattern.test(device)) return no(`"${device ?? ''}" is not a device id`);
  if (second === undefined) return no('nothing after the device id');
  if (second === 'availability' || second === 'meta') {
    if (third !== undefined) return no(`nothing may follow "${second}"`);
    return yes({ kind: second, device });
  }
  if (second === 'event') {
    if (third === undefined || !wordPattern.test(third) || rest.length > 0)
      return no('"event" needs exactly one name after it');
    return yes({ kind: 'event', device, name: third });
  }
  return parseComponent(device, second, third === undefined ? [] : [third, ...rest]);
};

const parseSite = (levels: string[]): Result<Topic> => {
  const [site, second, third, ...rest] = levels;
  if (site === undefined || !idPattern.test(site)) return no(`"${site ?? ''}" is not a site id`);
  if (second === undefined) return no('nothing after the site id');
  if (rest.length > 0) return no(`too many levels after "${second}/${third}"`);
  if (second === 'availability' || second === 'meta') {
    if (third !== undefined) return no(`nothing may follow "${second}"`);
    return yes({ kind: second === 'meta' ? 'site_meta' : 'site_availability', site });
  }
  if (second === 'command' || second === 'response') {
    if (third === undefined || !wordPattern.test(third))
      return no(`"${second}" needs a verb in lower snake_case after it`);
    return yes({ kind: 'site_action', site, action: second, verb: third });
  }
  if (second === 'event') {
    if (third === undefined || !wordPattern.test(third)) return no('"event" needs a name in lower snake_case after it');
    return yes({ kind: 'site_event', site, name: third });
  }
  if (!isFreeWord(second)) return no(`"${second}" is not a site value: lower snake_case, not a reserved word`);
  if (third === undefined) return yes({ kind: 'site_value', site, name: second });
  if (!subPattern.test(third)) return no(`"${third}" is not in lower snake_case`);
  return yes({ kind: 'site_value', site, name: second, sub: third });
};

const parseSystem = (levels: string[]): Result<Topic> => {
  const [area, node, name, ...rest] = levels;
  if (area === undefined || !isArea(area)) return no(`"${area ?? ''}" is not one of ${systemAreas.join(', ')}`);
  if (node === undefined || !idPattern.test(node)) return no(`"${node ?? ''}" is not a node name`);
  if (name === undefined) return yes({ kind: 'system', area, node });
  if (!subPattern.test(name) || rest.length > 0) return no('too many levels after the node name');
  return yes({ kind: 'system', area, node, name });
};

/**
 * Reads a topic without its prefix.
 * @returns the parts, or the reason in words why it does not fit the grammar
 */
export const parseTopic = (text: string): Result<Topic> => {
  if (text.length > maxTopicLength) return no(`longer than ${maxTopicLength} characters`);
  const [root, ...levels] = text.split('/');
  if (root === 'devices') return parseDevice(levels);
  if (root === 'sites') return parseSite(levels);
  if (root === 'system') return parseSystem(levels);
  return no(`starts with "${(root ?? '').slice(0, 32)}" instead of devices, sites or system`);
};

/** For a device, or for a site. */
export const isCommandTopic = (topic: Topic): boolean =>
  (topic.kind === 'action' || topic.kind === 'site_action') && topic.action === 'command';

/** @returns a component in its device: "battery", "ev_charger/2" */
export const componentKey = ({ type, index }: { type: string; index?: number | undefined }): string =>
  index === undefined ? type : `${type}/${index}`;

/** As a component stands in meta. */
interface ComponentPath {
  device: string;
  type: string;
  index?: number | undefined;
}

const componentPath = ({ device, type, index }: ComponentPath): string =>
  index === undefined ? `devices/${device}/${type}` : `devices/${device}/${type}/${index}`;

/** The topic of a quantity, or of its part: "power/l1". */
export const quantityTopic = (component: ComponentPath, quantity: string): string =>
  `${componentPath(component)}/${quantity}`;

/** Writes a topic without prefix; the exact inverse of parseTopic. */
export const formatTopic = (topic: Topic): string => {
  switch (topic.kind) {
    case 'reading': {
      const { quantity, part } = topic;
      // Joined: V8 keeps a text that is added up in pieces, and these are kept by the thousands.
      return [componentPath(topic), quantity, ...(part === undefined ? [] : [part])].join('/');
    }
    case 'action':
      return `${componentPath(topic)}/${topic.action}/${topic.verb}`;
    case 'component_event':
      return `${componentPath(topic)}/event/${topic.name}`;
    case 'component_meta':
      return `${componentPath(topic)}/meta`;
    case 'availability':
    case 'meta':
      return `devices/${topic.device}/${topic.kind}`;
    case 'event':
      return `devices/${topic.device}/event/${topic.name}`;
    case 'site_value': {
      const path = `sites/${topic.site}/${topic.name}`;
      return topic.sub === undefined ? path : `${path}/${topic.sub}`;
    }
    case 'site_action':
      return `sites/${topic.site}/${topic.action}/${topic.verb}`;
    case 'site_availability':
      return `sites/${topic.site}/availability`;
    case 'site_meta':
      return `sites/${topic.site}/meta`;
    case 'site_event':
      return `sites/${topic.site}/event/${topic.name}`;
    case 'system':
      return topic.name === undefined
        ? `system/${topic.area}/${topic.node}`
        : `system/${topic.area}/${topic.node}/${topic.name}`;
  }
};
