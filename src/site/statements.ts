/** What is said of a site at one moment: site-power/1 and site-status/1 without their envelope. */
import type { Flows, SitePower, SiteStatus } from '../model/site.ts';
import type { Evaluation } from './evaluate.ts';
import { round } from './round.ts';

const roundFlows = (flows: Flows): Flows => {
  const rounded = { ...flows };
  for (const name of Object.keys(flows) as (keyof Flows & string)[]) rounded[name] = round(flows[name] as number) ?? 0;
  return rounded;
};

const seconds = (ms: number | null): number | null => (ms === null ? null : Math.round(ms) / 1000);

export const statePower = ({ balance, soc, skewMs, quality }: Evaluation) =>
  ({
    grid_w: round(balance.grid.w),
    solar_w: round(balance.solar.w),
    battery_w: round(balance.battery.w),
    generator_w: round(balance.generator.w),
    ev_w: round(balance.ev.w),
    heat_w: round(balance.heat.w),
    consumption_w: round(balance.consumption.w),
    balance_error_w: round(balance.errorW),
    soc: round(soc),
    flows: balance.flows && roundFlows(balance.flows),
    quality,
    skew_s: seconds(skewMs),
    basis: 'latest',
  }) satisfies Partial<SitePower>;

export const stateStatus = ({ inputs, skewMs, quality }: Evaluation) => {
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
    skew_s: seconds(skewMs),
  } satisfies Partial<SiteStatus>;
};
