/** The sum of a site: what a reading costs, with few devices and with many. Time is virtual, so only work is counted. */
import { SiteAggregator } from '../src/site/site-aggregator.ts';
import { charger, gridMeter, metaOf, readingOf } from '../test/support/site/site-messages.ts';
import { createVirtualClock } from '../test/support/virtual-clock.ts';
import { compare, printRatio, printTable, timed } from './parts/measure.ts';

const ticksPerSecond = 5;

/** A site of one grid meter and chargers, each told once per second. */
const createLoad = (devices: number) => {
  const clock = createVirtualClock();
  let published = 0;
  const sink = {
    values(messages: unknown[]) {
      published += messages.length;
    },
    events() {},
  };
  const site = new SiteAggregator({ site: 'home', boot: 'bench' }, { clock, sink });
  site.take(metaOf('d0', gridMeter));
  for (let i = 1; i < devices; i++) site.take(metaOf(`d${i}`, charger));
  const paths = Array.from({ length: devices }, (_, i) => `d${i}/${i === 0 ? 'meter' : 'ev_charger'}/power`);
  let second = 0;
  return {
    /** Readings as they leave the broker; making them is not measured. */
    nextSecond() {
      second++;
      return paths.map((path, i) => readingOf(path, 1000 + ((second * 7 + i) % 100), clock.now()));
    },
    pass(readings: ReturnType<typeof readingOf>[]) {
      for (const reading of readings) site.take(reading);
      for (let tick = 0; tick < ticksPerSecond; tick++) {
        clock.advance(1000 / ticksPerSecond);
        site.tick();
      }
    },
    published: () => published,
  };
};

/** Devices that introduce themselves one after the other, each with its first reading. */
const introduce = async (devices: number) => {
  const clock = createVirtualClock();
  const site = new SiteAggregator({ site: 'home', boot: 'bench' }, { clock, sink: { values() {}, events() {} } });
  const messages = Array.from({ length: devices }, (_, i) => [
    metaOf(`d${i}`, i === 0 ? gridMeter : charger),
    readingOf(`d${i}/${i === 0 ? 'meter' : 'ev_charger'}/power`, 1000, clock.now()),
  ]).flat();
  return timed(() => {
    for (const message of messages) site.take(message);
    clock.advance(1000 / ticksPerSecond);
    site.tick();
    return devices;
  });
};

export const benchAggregate = async (isShort: boolean): Promise<void> => {
  const readingsPerRound = isShort ? 20_000 : 100_000;
  const sizes = [10, 100, 1000, 5000];
  const loads = sizes.map(createLoad);
  const figures = await compare(
    sizes.map((devices, n) => ({
      name: `${devices} devices`,
      async round() {
        const load = loads[n];
        const total = { count: 0, seconds: 0, cpuUs: 0 };
        for (let done = 0; load && done < readingsPerRound; done += devices) {
          const readings = load.nextSecond();
          const { seconds, cpuUs } = await timed(() => {
            load.pass(readings);
            return devices;
          });
          total.count += devices;
          total.seconds += seconds;
          total.cpuUs += cpuUs;
        }
        return total;
      },
    })),
    isShort ? 3 : 7,
  );
  if (loads.some((load) => load.published() === 0)) throw new Error('a site published nothing');
  printTable(
    'Sum a site: power and energy every second from one reading per device and second',
    ['', 'readings/s', 'us/reading'],
    figures.map(({ name, perSecond }) => [name, perSecond, 1e6 / perSecond]),
  );
  const [, some, many, most] = figures.map(({ perSecond }) => perSecond);
  printRatio('cost per reading, 1000 devices to 100', (some ?? 0) / (many ?? 1), { atMost: 1.2 });
  const [few, crowd] = await compare(
    [300, 3000].map((devices) => ({ name: `${devices} devices`, round: () => introduce(devices) })),
    isShort ? 5 : 15,
  );
  printRatio('cost per device that introduces itself, 3000 to 300', (few?.perSecond ?? 0) / (crowd?.perSecond ?? 1), {
    atMost: 3,
  });
  printRatio('cost per reading, 5000 devices to 100', (some ?? 0) / (most ?? 1), { onlyAs: 'as a figure: caches' });
};
