/** The name of this runtime on the broker: one per runtime, in every device's meta and in system/. */
import { hostname } from 'node:os';
import { idPattern, idRule } from '../model/topic.ts';

/** Nobody typed the name of the machine for this: what does not fit into a topic is left out. */
const fromHost = (): string => {
  const clean = hostname()
    .replace(/[^A-Za-z0-9_.-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 64);
  return idPattern.test(clean) ? clean : 'gateway';
};

/** @throws where EMS_GATEWAY does not fit into a topic, in words */
export const gatewayName = (): string => {
  const given = process.env.EMS_GATEWAY;
  if (!given) return fromHost();
  if (!idPattern.test(given)) throw new Error(`EMS_GATEWAY "${given}" does not fit into a topic: the name ${idRule}`);
  return given;
};
