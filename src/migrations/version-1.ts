/**
 * From configs without a version, as 0.1.0 exported them and as people write them by hand, to version 1, the first one
 * that says its number.
 */
import type { Config, Step } from './node-config.ts';

/** A choice that was left empty meant the default; the list of a form would show nothing. */
const withoutBlank =
  (...names: string[]) =>
  (config: Config): Config =>
    Object.fromEntries(Object.entries(config).filter(([name, value]) => value !== '' || !names.includes(name)));

/** Lines like "; blocked", which name no card, were taken as the card with the empty id; they are refused now. */
const withoutEmptyCards = (config: Config): Config => {
  const { tags } = config;
  if (typeof tags !== 'string') return config;
  return {
    ...config,
    tags: tags
      .split('\n')
      .filter((line) => !line.trim().startsWith(';'))
      .join('\n'),
  };
};

const withoutBlankStationChoices = withoutBlank(
  ...['phases', 'phaseRotation', 'authorise', 'security', 'version', 'foreign', 'forwardMode'],
);

/** Changes of the configs of 0.1.0. */
export const version1: Step = {
  'ems-broker': withoutBlank('version'),
  'ems-command': withoutBlank('onRange'),
  'ems-modbus-client': withoutBlank('transport', 'dataBits', 'parity', 'stopBits'),
  'ems-ocpp-server': withoutBlank('unknown'),
  'ems-ocpp': (config) => withoutEmptyCards(withoutBlankStationChoices(config)),
  'ems-pick': withoutBlank('output', 'bad'),
  'ems-subscribe': withoutBlank('what'),
};
