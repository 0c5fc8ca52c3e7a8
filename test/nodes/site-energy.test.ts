import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBroker, type TestBroker } from '../support/mqtt/test-broker.ts';
import { allNodes, helper } from '../support/node-red/test-helper.ts';
import { every, isNear } from '../support/site/played-site.ts';
import { openPublisher, type Publisher, summedFlow } from '../support/site/summed-site.ts';
import { until } from '../support/until.ts';

describe('the energies of a site over a broker', () => {
  let broker: TestBroker;
  let publisher: Publisher;
  let userDir: string;

  before(() => helper.startServer());
  after(() => helper.stopServer());
  beforeEach(async () => {
    userDir = mkdtempSync(join(tmpdir(), 'ems-site-'));
    helper.settings({ userDir });
    broker = await startBroker();
    publisher = await openPublisher(broker.port);
  });
  afterEach(async () => {
    await helper.unload();
    helper.settings({});
    await publisher.close();
    await broker.close();
    rmSync(userDir, { recursive: true, force: true });
  });

  it('are whole where samples come in bursts, and late ones in between', async () => {
    await publisher.meta('grid', every(5, { type: 'meter', role: 'grid' }));
    await publisher.meta('pv', every(5, { type: 'solar', role: 'solar' }));
    await helper.load(allNodes, summedFlow(broker.port));
    // Readings of ten minutes, as a gateway sends them that had no connection.
    const begin = Date.now() - 600_000;
    const samples = Array.from({ length: 121 }, (_, i) => begin + i * 5000);
    const send = async (from: number, to: number): Promise<void> => {
      for (const [i, ts] of samples.slice(from, to).entries()) {
        await publisher.reading('grid/meter/power', -3000, ts);
        // Every tenth of the sun comes after the next four.
        const late = samples[from + i - 4];
        if (i >= 4 && (i - 4) % 10 === 0 && late !== undefined)
          await publisher.reading('pv/solar/power', 3600, late, { seq: 1, boot: `late${from + i}` });
        if (i % 10 !== 0 || i + 4 >= to - from) await publisher.reading('pv/solar/power', 3600, ts);
      }
    };
    await until(() => publisher.powers().length > 0 || publisher.listener.heard.length > 0, 'the site is at work');
    for (let from = 0; from < samples.length; from += 20) await send(from, Math.min(from + 20, samples.length));
    await until(() => {
      const { grid_export_wh, consumption_wh } = publisher.energies().at(-1) ?? {};
      return (grid_export_wh ?? 0) >= 499 && (consumption_wh ?? 0) >= 99;
    }, 'all energies');
    const { grid_export_wh, solar_wh, consumption_wh, quality } = publisher.energies().at(-1) ?? {};
    assert.ok(isNear(grid_export_wh, 500), `${grid_export_wh}`);
    assert.ok(isNear(solar_wh, 600), `${solar_wh}`);
    assert.ok(isNear(consumption_wh, 100, 0.02), `${consumption_wh}`);
    assert.equal(quality, 'good', JSON.stringify(publisher.energies().at(-1)));
  });

  it('are those of the power where a counter tells kWh under the unit Wh', async () => {
    const counter = { unit: 'Wh', interval_s: 10, max_age_s: 60 } as const;
    await publisher.meta('grid', every(5, { type: 'meter', role: 'grid', quantities: { energy_import: counter } }));
    await helper.load(allNodes, summedFlow(broker.port));
    await until(() => publisher.listener.heard.length > 0, 'the site is at work');
    const begin = Date.now() - 600_000;
    for (let s = 0; s <= 600; s += 5) {
      await publisher.reading('grid/meter/power', 36_000, begin + s * 1000);
      if (s % 10 === 0) await publisher.reading('grid/meter/energy_import', 5000 + s / 100, begin + s * 1000 + 100);
    }
    await until(() => (publisher.energies().at(-1)?.grid_import_wh ?? 0) >= 5990, 'all energies');
    const { grid_import_wh, quality } = publisher.energies().at(-1) ?? {};
    assert.ok(isNear(grid_import_wh, 6000), `${grid_import_wh}`);
    assert.equal(quality, 'estimated');
    const events = publisher.listener.heard.filter(({ topic }) => topic.includes('/event/'));
    assert.deepEqual(
      events.map(({ topic, payload }) => [topic, JSON.parse(payload).state, JSON.parse(payload).data.reason]),
      [['sites/home/event/counter_power_mismatch', 'active', 'unit']],
    );
  });

  it('are told once they are saved, and what is now does not wait for that', async () => {
    // A disk that takes its time: whoever opens a pipe to write waits for somebody who reads.
    const slow = join(userDir, 'ems', 'ems-aggregate-sum.json.new');
    mkdirSync(join(userDir, 'ems'));
    assert.equal(spawnSync('mkfifo', [slow]).status, 0);
    await publisher.meta('grid', every(1, { type: 'meter', role: 'grid' }));
    await helper.load(allNodes, summedFlow(broker.port));
    // An earlier flow may still have had something to tell.
    const begin = new Date().toISOString();
    const energies = () => publisher.energies().filter(({ ts }) => ts > begin);
    let watts = 0;
    const reading = setInterval(() => void publisher.reading('grid/meter/power', ++watts, Date.now()), 500);
    // Energies are due ten seconds after the start.
    await until(() => publisher.powers().length >= 11, 'powers', 40_000);
    assert.deepEqual(energies(), []);
    // Whoever waits goes on, and what is saved from now on is a file: a pipe would hold up the end of the process.
    const disk = await open(slow, 'r+');
    rmSync(slow);
    await until(() => energies().length > 0, 'energies', 30_000);
    await disk.close();
    clearInterval(reading);
    const seen = publisher.powers().flatMap(({ seq = 0, ts }) => (ts > begin ? [seq] : []));
    assert.deepEqual(
      seen,
      seen.toSorted((a, b) => a - b),
    );
  });
});
