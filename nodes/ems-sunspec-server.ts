import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { type SiteServer, SiteValues, siteServerFields, startSiteServer } from '../src/drivers/sunspec/index.ts';
import { checkMessage } from '../src/model/check.ts';
import { thisMachine } from '../src/model/limits.ts';
import { choiceField, flagField, nodeReference, numberField, textField } from '../src/shell/config.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { directoryOf } from '../src/shell/directory.ts';
import { serveAddresses } from '../src/shell/network-addresses.ts';
import { candidatesOf } from '../src/shell/node-messages.ts';
import { retryOpening } from '../src/shell/retry-open.ts';
import type { Status } from '../src/shell/status.ts';
import { packageVersion } from '../src/shell/version.ts';
import type { SiteApi } from './ems-site.ts';

const config = z
  .object({
    site: nodeReference('the site'),
    /** Off by default: nobody reads a site before somebody has decided so. */
    enabled: flagField(false),
    host: textField(thisMachine),
    port: numberField(siteServerFields.port),
    gridUnit: numberField(siteServerFields.gridUnit),
    solarUnit: numberField(siteServerFields.solarUnit),
    meterModels: choiceField(siteServerFields.meterModels),
    /** What is not measured while the power of a side is not known. */
    whileUnknown: choiceField(siteServerFields.whileUnknown),
    connections: numberField(siteServerFields.connections),
    /** s */
    maxAge: numberField(siteServerFields.maxAge),
  })
  .refine(({ gridUnit, solarUnit }) => gridUnit !== solarUnit, {
    error: 'the grid meter and the inverters need two units',
    path: ['solarUnit'],
  });

const meterModels = { both: [203, 213], '203': [203], '213': [213] };

/** Values are told this often if something came in, ms. */
const updateMs = 250;
/** Values grow old without a message, ms. */
const agingMs = 1000;

/** Keys of the catalog for the errors of a port that cannot be opened, with sentences for the log. */
const refusals: Record<string, [key: string, sentence: string]> = {
  EADDRINUSE: ['taken', 'another program uses the port: choose another port, or end the other program'],
  EACCES: ['forbidden', 'ports below 1024 need the rights of an administrator: choose a higher one'],
  EADDRNOTAVAIL: ['noAddress', 'this machine does not have the address'],
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';

const addressOf = (host: string, port: number): string => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** @returns key of the status of a server that is open, by the sides that are known */
const openKey = (hasGrid: boolean, hasSolar: boolean): string => {
  if (hasGrid) return hasSolar ? 'serving' : 'noSolar';
  return hasSolar ? 'noGrid' : 'noValues';
};

/** Shows a site to others as SunSpec devices: a meter and an inverter that can be read over Modbus TCP. */
export default function register(RED: NodeAPI): void {
  serveAddresses(RED);
  defineNode(RED, 'ems-sunspec-server', {
    config,
    start({ config, clock, showStatus, report, onInput, onClose }) {
      const { id } = useConfigNode<SiteApi>(RED, config.site, 'ems-site');
      const { host, port } = config;
      const directory = directoryOf(RED);
      const values = new SiteValues({ site: id, maxAgeMs: config.maxAge * 1000 }, clock);
      let isChanged = true;
      // Messages from before this node was deployed do not come again from the broker.
      for (const message of directory.known()) values.take(message);
      const forgetting = directory.onForget((device) => values.forget(device));

      const update = (server: SiteServer): void => {
        isChanged = false;
        const readings = values.readings();
        const tellable = values.tellable(readings);
        server.update(readings, tellable);
        const params = { address: addressOf(host, server.port), n: server.readers };
        const key = openKey(tellable.has('grid'), tellable.has('solar'));
        const fill: Status['fill'] = key === 'serving' ? 'green' : 'yellow';
        showStatus({ fill, shape: 'dot', key, params });
      };
      const open = (): Promise<SiteServer> =>
        startSiteServer({
          host,
          port,
          maxConnections: config.connections,
          units: { grid: config.gridUnit, solar: config.solarUnit },
          meterModels: meterModels[config.meterModels],
          whileUnknown: config.whileUnknown,
          site: id,
          version: packageVersion,
        });
      const serve = () => {
        const address = addressOf(host, port);
        showStatus({ fill: 'yellow', shape: 'ring', key: 'opening', params: { address } });
        return retryOpening(clock, open, {
          opened: update,
          failed(error, isFirst) {
            const [key, sentence] = refusals[codeOf(error)] ?? ['failed', String(error)];
            showStatus({ fill: 'red', shape: 'ring', key, params: { address } });
            if (isFirst) report(new Error(`cannot serve on ${address}: ${sentence}`));
          },
        });
      };
      const opening = config.enabled ? serve() : undefined;
      if (!opening) showStatus({ fill: 'grey', shape: 'ring', key: 'off' });
      const updateOpen = (): void => {
        const server = opening?.current();
        if (server) update(server);
      };
      const updating = clock.every(updateMs, () => {
        if (isChanged) updateOpen();
      });
      const aging = clock.every(agingMs, updateOpen);

      onInput((message) => {
        const context = { now: clock.now(), isDeclared: directory.declares };
        const refused: string[] = [];
        for (const candidate of candidatesOf(message, context)) {
          const checked = candidate.ok ? checkMessage(candidate.value, context) : undefined;
          if (!checked?.ok) refused.push(checked ? checked.reasons.join('; ') : candidate.ok ? '' : candidate.reason);
          else if (!directory.isFromBeforeRemoval(checked.message)) values.take(checked.message);
        }
        isChanged = true;
        if (refused.length > 0) throw new Error(`${refused.length} not understood, first: ${refused[0]}`);
      });
      onClose(async () => {
        for (const timer of [updating, aging]) timer.cancel();
        forgetting.remove();
        await opening?.close();
      });
    },
  });
}
