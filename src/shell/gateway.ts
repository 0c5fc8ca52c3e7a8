/** The name of this runtime on the broker: one per runtime, in every device's meta and in system/. */
import { hostname } from 'node:os';
import { idPattern } from '../model/topic.ts';

export const gatewayName = (): string => {
  const wanted = process.env.EMS_GATEWAY || hostname();
  const clean = wanted
    .replace(/[^A-Za-z0-9_.-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64);
  return idPattern.test(clean) ? clean : 'gateway';
};
