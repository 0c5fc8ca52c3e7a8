/** Parameters of commands that name a file, a time, or how often something is tried again. */
import type { Params } from '../../../model/command.ts';
import { CommandFailure, type ParameterRange } from '../../driver.ts';

/** The parameters of a transfer, in the words of the model. */
export const transferRanges = {
  url: {},
  retries: { min: 0, max: 100, isOptional: true },
  retry_interval_s: { unit: 's', min: 1, max: 86_400, isOptional: true },
} satisfies Record<string, ParameterRange>;

/** @returns wall clock, ms since 1970; undefined where the parameter is absent @throws CommandFailure for text that is no time */
export const timeParam = (params: Params, name: string): number | undefined => {
  const text = params[name];
  if (text === undefined) return undefined;
  const at = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(at)) throw new CommandFailure('SCHEMA', `${name} is no time: 2026-12-31T22:00:00Z`);
  return at;
};

/** @returns the text of a parameter; undefined where it is absent or empty */
export const textParam = (params: Params, name: string): string | undefined => {
  const text = params[name];
  return typeof text === 'string' && text !== '' ? text : undefined;
};

/** The file of a transfer: the station fetches or stores it, and nothing here does. */
interface Transfer {
  url: string;
  retries?: number;
  retryIntervalS?: number;
}

/** @throws CommandFailure for text that is no URL */
export const transferParams = (params: Params): Transfer => {
  const { url, retries, retry_interval_s: retryIntervalS } = params;
  if (typeof url !== 'string' || !URL.canParse(url))
    throw new CommandFailure('SCHEMA', 'url is no URL: ftp://user:password@192.168.1.5/file');
  return {
    url,
    ...(typeof retries === 'number' ? { retries } : {}),
    ...(typeof retryIntervalS === 'number' ? { retryIntervalS } : {}),
  };
};
