/** The messages that a subscribe node wants: as Topic Filters, and as a test on what the filters let through. */
import type { Topic } from '../../model/topic.ts';

/** The choices of the form of a subscribe node. */
export const selections = [
  'readings',
  'site',
  'commands',
  'responses',
  'events',
  'system',
  'everything',
  'pattern',
] as const;

export interface TopicSelectionOptions {
  what: (typeof selections)[number];
  /** This and the next three are empty where any will do. */
  device: string;
  type: string;
  quantity: string;
  site: string;
  /** MQTT filters, for "pattern". */
  patterns: string[];
  /** Meta and availability as well, and retained energies of sites: what a site needs to know to sum up. */
  withDirectory: boolean;
}

/** Topic Filters for the server, and a condition for the topics that come. */
export interface TopicSelection {
  filters: string[];
  /** Filters for one device of the chosen site: no topic of a device tells its site, only its meta does. */
  filtersOf?(device: string): string[];
  admits(topic: Topic, isRetained: boolean): boolean;
}

const directoryKinds = new Set<Topic['kind']>(['meta', 'availability', 'site_meta', 'site_availability']);

const isDirectory = (topic: Topic): boolean =>
  directoryKinds.has(topic.kind) || (topic.kind === 'system' && topic.area === 'status');

/** The energies that a site has published before: it never goes back behind them. */
const isToldEnergy = (topic: Topic): boolean =>
  topic.kind === 'site_value' && topic.name === 'energy' && topic.sub === undefined;

const filtersOf = ({ what, device, type, site, patterns }: TopicSelectionOptions): string[] => {
  const d = device || '+';
  const t = type || '+';
  const s = site || '+';
  // A chosen device is asked for alone, without every site and gateway.
  const isAny = device === '';
  const perSite = (word: string): string[] => (isAny || site !== '' ? [`sites/${s}/${word}/+`] : []);
  const perDevice = (word: string): string[] => [`devices/${d}/${t}/${word}/+`, `devices/${d}/${t}/+/${word}/+`];
  switch (what) {
    case 'readings':
      return [`devices/${d}/${t}/#`];
    case 'site':
      return [`sites/${s}/#`];
    case 'commands':
      return [...perDevice('command'), ...perSite('command')];
    case 'responses':
      return [...perDevice('response'), ...perDevice('setpoint'), ...perSite('response')];
    case 'events':
      return [`devices/${d}/event/+`, ...perDevice('event'), ...perSite('event'), ...(isAny ? ['system/event/#'] : [])];
    case 'system':
      return ['system/#'];
    case 'everything':
      return ['devices/#', 'sites/#', 'system/#'];
    case 'pattern':
      return patterns;
  }
};

const kindsOf: Record<
  Exclude<TopicSelectionOptions['what'], 'everything' | 'pattern' | 'system'>,
  Set<Topic['kind']>
> = {
  readings: new Set(['reading']),
  site: new Set(['site_value']),
  commands: new Set(['action', 'site_action']),
  responses: new Set(['action', 'site_action']),
  events: new Set(['event', 'component_event', 'site_event', 'system']),
};

/** @returns the Topic Filters of a choice, and which of the received topics belong to it */
export const selectTopics = (options: TopicSelectionOptions): TopicSelection => {
  const { what, device, type, quantity, site, withDirectory } = options;
  const directory = withDirectory
    ? [`devices/${device || '+'}/meta`, `devices/${device || '+'}/availability`, 'system/status/+']
    : [];
  if (what === 'everything' || what === 'pattern')
    return {
      filters: filtersOf(options),
      admits: (topic) => withDirectory || !isDirectory(topic) || what === 'pattern',
    };
  if (what === 'system') return { filters: filtersOf(options), admits: () => true };
  const kinds = kindsOf[what];
  const told = withDirectory && what === 'readings' ? [`sites/${site || '+'}/energy`] : [];
  const isBySite = what === 'readings' && site !== '';
  const always = isBySite ? [] : filtersOf(options);
  const learning = isBySite && !withDirectory ? [`devices/${device || '+'}/meta`] : directory;
  return {
    filters: [...always, ...learning, ...told],
    ...(isBySite && {
      filtersOf: (each: string) => (device === '' || device === each ? filtersOf({ ...options, device: each }) : []),
    }),
    admits(topic, isRetained) {
      if (told.length > 0 && isToldEnergy(topic)) return isRetained;
      if (isBySite && topic.kind === 'meta') return true;
      if (isDirectory(topic)) return withDirectory || (what === 'site' && topic.kind !== 'system');
      if (!kinds.has(topic.kind)) return false;
      if ('device' in topic && device !== '' && topic.device !== device) return false;
      if ('type' in topic && type !== '' && topic.type !== type) return false;
      if ('site' in topic && site !== '' && topic.site !== site) return false;
      if (topic.kind === 'reading') return quantity === '' || topic.quantity === quantity;
      if (topic.kind === 'system') return topic.area === 'event';
      if (topic.kind === 'action' || topic.kind === 'site_action')
        return (topic.action === 'command') === (what === 'commands');
      return true;
    },
  };
};
