import assert from 'node:assert/strict';
import { startSite } from '../support/site/running-site.ts';
import { gridMeter, metaOf, readingOf } from '../support/site/site-messages.ts';
import { createVirtualClock } from '../support/virtual-clock.ts';

describe('a site without devices', () => {
  it('says so when the last of them goes: what it said before is retained', () => {
    const running = startSite();
    running.say(metaOf('grid', gridMeter));
    running.say(readingOf('grid/meter/power', 500, running.clock.now()));
    running.pass(4000);
    assert.deepEqual([running.status()?.quality, running.power().grid_w], ['good', 500]);
    running.site.forget('grid');
    running.pass(1000);
    assert.deepEqual([running.status()?.quality, running.status()?.sources.total], ['invalid', 0]);
    const { grid_w, consumption_w, quality } = running.power();
    assert.deepEqual([grid_w, consumption_w, quality], [null, null, 'invalid']);
    const said = running.messages.length;
    running.pass(30_000);
    assert.equal(running.messages.length, said, 'once');
    running.pass(80_000);
    assert.equal(running.messages.length, said + 2, 'status and power, once a minute');
  });

  it('waits for them a minute after it has begun', () => {
    const clock = createVirtualClock();
    clock.advance(3_600_000);
    const running = startSite({}, undefined, clock);
    running.pass(59_800);
    assert.deepEqual(running.messages, []);
    running.pass(200);
    assert.deepEqual([running.status()?.quality, running.status()?.sources.total], ['invalid', 0]);
    running.say(metaOf('grid', gridMeter));
    running.say(readingOf('grid/meter/power', 500, running.clock.now()));
    running.pass(2000);
    assert.deepEqual([running.status()?.quality, running.power().grid_w], ['good', 500]);
  });

  it('saves a beginning of nothing, and publishes no empty lists', () => {
    const running = startSite();
    const { elapsedMs, balance, totals } = running.site.snapshot();
    assert.deepEqual([elapsedMs, balance, totals], [0, { errorWh: 0, consumptionWh: 0 }, {}]);
    running.say(metaOf('grid', gridMeter));
    running.say(readingOf('grid/meter/power', 500, running.clock.now()));
    running.pass(30_000);
    assert.ok(running.messages.length > 0);
    assert.ok(!running.lists.includes(0));
  });
});
