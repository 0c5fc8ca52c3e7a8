import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { idField, textField } from '../src/shell/config.ts';
import { defineNode } from '../src/shell/define-node.ts';

const config = z.object({ site: idField('the site id'), name: textField() });

export interface SiteApi {
  id: string;
  name: string;
}

/** A site: the building or plant whose devices are summed up under sites/<id>/. */
export default function register(RED: NodeAPI): void {
  defineNode(RED, 'ems-site', { config, start: ({ config: { site, name } }): SiteApi => ({ id: site, name }) });
}
