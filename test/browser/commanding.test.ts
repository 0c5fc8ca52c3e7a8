import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { type Dashboard, openDashboard } from '../support/browser/dashboard.ts';
import { until } from '../support/until.ts';

const names = ['02 Complete site', '03 Command a battery', '04 Two controllers, one battery'];

describe('the dashboard commands a battery', () => {
  let dashboard: Dashboard;
  let page: Page;

  const last = (topic: string): Record<string, unknown> | undefined => dashboard.last(topic);
  const press = (label: string): Promise<void> => page.getByRole('button', { name: label, exact: true }).click();
  const reads = (selector: string, words: RegExp): Promise<unknown> =>
    page.waitForFunction(
      ([where, pattern]) => new RegExp(pattern).test(document.querySelector(where)?.textContent ?? ''),
      [selector, words.source] as const,
    );

  before(async () => {
    dashboard = await openDashboard(names);
    ({ page } = dashboard);
  });
  after(() => dashboard?.close());

  it('charges on a button, and the site follows', async () => {
    await dashboard.open('site');
    await reads('.ems-held', /on its own/);
    await until(() => last('sites/home/power')?.quality === 'good', 'the site is live');
    const gridBefore = Number(last('sites/home/power')?.grid_w);
    await press('Charge');
    await reads('.ems-now', /charge 1000 W.*person at the dashboard.*priority 70.*[45]:\d\d left/s);
    await reads('.ems-past', /charge completed, verified/);
    await until(
      () => Math.abs(Number(last('devices/storage/battery/power')?.value) + 1000) < 50,
      'the storage charges',
      60_000,
    );
    await until(() => Number(last('sites/home/power')?.grid_w) - gridBefore > 400, 'the grid gives more');
  });

  it('lets go on another', async () => {
    await press('Release');
    await reads('.ems-now', /on its own/);
    await until(() => last('devices/storage/battery/setpoint/charge') === undefined, 'nothing is held');
    const released = dashboard.listener.heard.filter(
      ({ topic }) => topic === 'devices/storage/battery/response/release',
    );
    assert.match(released.at(-1)?.payload ?? '', /"status":"completed"/);
  });

  it('lets two controllers compete, and a person go before both', async () => {
    await dashboard.open('controllers');
    await reads('.ems-held', /on its own/);
    const switches = page.locator('input[type=checkbox]');
    await switches.nth(0).click();
    await reads('.ems-now', /charge 1500 W.*tariff.*priority 40/s);
    await press('Hold for ten minutes');
    await reads('.ems-now', /hold.*person.*priority 70/s);
    await reads('.ems-held', /owner conflict: .*person \(70\) goes before .*tariff \(40\)/s);
    await press('Let go');
    await reads('.ems-now', /charge 1500 W.*tariff/s);
    await switches.nth(0).click();
    await reads('.ems-now', /on its own/);
  });

  it('fits on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ['site', 'controllers']) {
      await dashboard.open(path);
      if (path === 'site') {
        await page.waitForSelector('.ems-devices tbody tr');
        await page.waitForSelector('.ems-flow[viewBox="0 0 340 385"]');
        const widest = await page.$$eval('.ems-value', (all) =>
          Math.max(...all.map((text) => (text as SVGTextElement).getComputedTextLength())),
        );
        assert.ok(widest < 88, `${widest} in a circle of 88`);
      } else await page.waitForSelector('input[type=checkbox]');
      const cut = await page.$$eval('.v-card *:not(svg *):not(.v-slider-thumb)', (all) =>
        all
          .filter(({ scrollWidth, clientWidth }) => clientWidth > 0 && scrollWidth > clientWidth + 1)
          .map(({ className, textContent }) => `${className}: ${textContent?.trim()}`),
      );
      assert.deepEqual(cut, [], path);
    }
  });

  it('nothing complains in the console, and nothing failed', () => {
    assert.deepEqual(dashboard.complaints, []);
    assert.deepEqual(dashboard.errors(), []);
  });
});
