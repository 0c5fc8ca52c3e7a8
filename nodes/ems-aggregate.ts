import type { NodeAPI } from 'node-red';
import { z } from 'zod';
import { checkMessage } from '../src/model/check.ts';
import { createBoot } from '../src/model/identity.ts';
import { aggregateFields } from '../src/model/limits.ts';
import type { Message } from '../src/model/message.ts';
import { flagField, nodeReference, numberField } from '../src/shell/config.ts';
import { defineNode, useConfigNode } from '../src/shell/define-node.ts';
import { directoryOf } from '../src/shell/directory.ts';
import { candidatesOf, toNodeMessage } from '../src/shell/node-messages.ts';
import { createStateFile } from '../src/shell/state-file.ts';
import { fewOf, type Status } from '../src/shell/status.ts';
import { SiteAggregator, type SiteSummary } from '../src/site/site-aggregator.ts';
import { readSnapshot } from '../src/site/site-snapshot.ts';
import type { SiteApi } from './ems-site.ts';

const config = z.object({
  site: nodeReference('the site'),
  /** Shortest time between two messages of power, s. */
  power: numberField(aggregateFields.power),
  /** Time between two messages of energy, s. */
  energy: numberField(aggregateFields.energy),
  offlineMeansZero: flagField(false),
  /** Time for which a stale value is still used, as estimated, s. */
  grace: numberField(aggregateFields.grace),
  /** Spread of the times of measurement above which the total is estimated, s. */
  skew: numberField(aggregateFields.skew),
  /** Largest plausible power of a device that states no rating, kW. */
  maxPower: numberField(aggregateFields.maxPower),
});

const tickMs = 200;
/** Longest time between two saves, for sites whose energies are told more rarely. */
const saveMs = 30_000;

const showSite = ({ sources, offenders, hasGrid, quality }: SiteSummary): Status => {
  if (sources === 0) return { fill: 'grey', shape: 'ring', key: 'waiting' };
  const names = fewOf(offenders.map((topic) => topic.replace(/^devices\//, '')));
  const params = { n: sources, good: sources - offenders.length, names };
  if (quality === 'good') return { fill: 'green', shape: 'dot', key: 'good', params };
  if (!hasGrid) return { fill: 'red', shape: 'ring', key: 'noGrid', params };
  const isEstimated = quality === 'estimated';
  if (isEstimated && offenders.length === 0) return { fill: 'yellow', shape: 'dot', key: 'apart', params };
  return isEstimated
    ? { fill: 'yellow', shape: 'dot', key: 'estimated', params }
    : { fill: 'red', shape: 'ring', key: 'incomplete', params };
};

/** Adds up the devices of a site: the power balance now, the energies, and how far both can be trusted. */
export default function register(RED: NodeAPI): void {
  defineNode(RED, 'ems-aggregate', {
    config,
    start({ config, node, clock, send, showStatus, report, onInput, onClose }) {
      const { id, coordinates } = useConfigNode<SiteApi>(RED, config.site, 'ems-site');
      const memory = createStateFile(RED, `ems-aggregate-${node.id}`);
      const saved = memory.load();
      const snapshot = saved === undefined ? undefined : readSnapshot(saved);
      if (snapshot && !snapshot.ok) report(new Error(`the totals of site ${id} begin anew: ${snapshot.reason}`));
      const directory = directoryOf(RED);
      directory.register(node.id, `sites/${id}`);

      const site = new SiteAggregator(
        {
          site: id,
          boot: createBoot(),
          powerEveryMs: config.power * 1000,
          energyEveryMs: config.energy * 1000,
          offlineMeansZero: config.offlineMeansZero,
          ...(coordinates && { coordinates }),
          graceMs: config.grace * 1000,
          skewLimitMs: config.skew * 1000,
          maxPowerW: config.maxPower * 1000,
        },
        {
          clock,
          sink: {
            values: (messages) => tell(messages),
            events: (messages) => send([null, toNodeMessage(messages)]),
          },
          saved: snapshot?.ok ? snapshot.value : undefined,
        },
      );
      let isOpen = true;
      let savedAt = clock.monotonic();
      const save = (): Promise<void> => {
        savedAt = clock.monotonic();
        return memory.save(site.snapshot()).catch(report);
      };
      const sendValues = (messages: Message[]): void => {
        if (isOpen && messages.length > 0) send([toNodeMessage(messages), null]);
      };
      /**
       * Energies are saved before they are told, so that after a crash nobody has heard of more than was saved. Power and
       * status do not wait for the disk, or a later message would be told first.
       */
      const tell = (messages: Message[]): void => {
        const energies = messages.filter(({ schema }) => schema === 'site-energy/1');
        sendValues(messages.filter((message) => !energies.includes(message)));
        if (energies.length > 0) void save().then(() => sendValues(energies));
      };
      // Messages from before this node was deployed do not come again from the broker.
      for (const message of directory.known()) site.take(message);
      const forgetting = directory.onForget((device) => site.forget(device));

      const ticking = clock.every(tickMs, () => site.tick());
      const showing = clock.every(1000, () => showStatus(showSite(site.summary())));
      const saving = clock.every(saveMs, () => {
        if (clock.monotonic() - savedAt >= saveMs) void save();
      });
      showStatus({ fill: 'grey', shape: 'ring', key: 'waiting' });

      onInput((message) => {
        const context = { now: clock.now(), isDeclared: directory.declares };
        const refused: string[] = [];
        for (const candidate of candidatesOf(message, context)) {
          const checked = candidate.ok ? checkMessage(candidate.value, context) : undefined;
          if (checked?.ok) {
            if (!directory.isFromBeforeRemoval(checked.message)) site.take(checked.message);
          } else refused.push(checked ? checked.reasons.join('; ') : candidate.ok ? '' : candidate.reason);
        }
        if (refused.length > 0) throw new Error(`${refused.length} not understood, first: ${refused[0]}`);
      });
      onClose(async (isRemoved) => {
        isOpen = false;
        for (const timer of [ticking, showing, saving]) timer.cancel();
        forgetting.remove();
        await (isRemoved ? memory.remove() : memory.save(site.snapshot()));
      });
    },
  });
}
