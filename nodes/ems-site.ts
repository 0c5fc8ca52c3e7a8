import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { siteFields } from '../src/model/limits.ts';
import { idField, optionalNumberField, textField } from '../src/shell/config.ts';
import { defineNode } from '../src/shell/define-node.ts';

const config = z
  .object({
    site: idField('the site id'),
    name: textField(),
    /** Degrees, + north and + east. */
    latitude: optionalNumberField(siteFields.latitude),
    longitude: optionalNumberField(siteFields.longitude),
  })
  .refine(({ latitude, longitude }) => (latitude === undefined) === (longitude === undefined), {
    error: 'latitude and longitude go together',
    path: ['latitude'],
  });

/** The site node as other nodes use it. */
export interface SiteApi {
  id: string;
  name: string;
  /** Position, degrees; positive is north and east. */
  coordinates?: { latitude: number; longitude: number };
}

/** Names a site: the building or plant whose devices are summed up under sites/<id>/. */
export default function register(RED: NodeAPI): void {
  defineNode(RED, 'ems-site', {
    config,
    start: ({ config: { site, name, latitude, longitude } }): SiteApi => ({
      id: site,
      name,
      ...(latitude !== undefined && longitude !== undefined && { coordinates: { latitude, longitude } }),
    }),
  });
}
