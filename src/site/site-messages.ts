/** The messages site-power/1 and site-status/1 of a site at one moment, without their envelopes. */
import { roundTo } from '../common/round.ts';
import type { Flows, SitePower, SiteStatus } from '../model/site.ts';
import type { Evaluation } from './power/site-evaluation.ts';

/** @returns W or % to a tenth */
const rounded = (value: number | null): number | null => (value === null ? null : roundTo(value, 1));

const roundFlows = (flows: Flows): Flows => {
  const result = { ...flows };
  for (const name of Object.keys(flows) as (keyof Flows & string)[]) result[name] = roundTo(flows[name] as number, 1);
  return result;
};

const toSeconds = (ms: number | null): number | null => (ms === null ? null : Math.round(ms) / 1000);

/** @returns the fields of site-power/1 */
export const sitePowerFields = ({ balance, soc, skewMs, quality }: Evaluation) =>
  ({
    grid_w: rounded(balance.grid.w),
    solar_w: rounded(balance.solar.w),
    battery_w: rounded(balance.battery.w),
    generator_w: rounded(balance.generator.w),
    ev_w: rounded(balance.ev.w),
    heat_w: rounded(balance.heat.w),
    consumption_w: rounded(balance.consumption.w),
    balance_error_w: rounded(balance.errorW),
    soc: rounded(soc),
    flows: balance.flows && roundFlows(balance.flows),
    quality,
    skew_s: toSeconds(skewMs),
    basis: 'latest',
  }) satisfies Partial<SitePower>;

/** @returns the fields of site-status/1 */
export const siteStatusFields = ({ inputs, skewMs, quality }: Evaluation) => {
  const counts = { good: 0, estimated: 0, stale: 0, invalid: 0 };
  const offenders: string[] = [];
  for (const [topic, own] of inputs) {
    counts[own]++;
    if (own !== 'good') offenders.push(topic);
  }
  return {
    quality,
    sources: { total: inputs.size, ...counts },
    offenders,
    skew_s: toSeconds(skewMs),
  } satisfies Partial<SiteStatus>;
};
