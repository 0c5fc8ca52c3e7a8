import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { type Listener, listen } from '../support/broker.ts';
import { openBrowser, openPage } from '../support/browser.ts';
import { until } from '../support/events.ts';
import { freePorts } from '../support/free-ports.ts';
import { type NodeRed, readFlows, startNodeRed, withPorts } from '../support/node-red.ts';

const shippedPorts = [1502, 1503, 1504, 1505, 1506, 1507, 1883, 1884, 8887, 8888];
const names = ['02 Complete site', '03 Command a battery', '04 Two controllers, one battery'];

describe('the dashboard commands a battery', function () {
  this.timeout(90_000);
  let browser: Browser;
  let red: NodeRed;
  let listener: Listener;
  let complaints: string[];
  let page: Page;

  const last = (topic: string): Record<string, unknown> | undefined => {
    const heard = listener.heard.findLast((each) => each.topic === topic);
    return heard && heard.payload !== '' ? JSON.parse(heard.payload) : undefined;
  };
  const press = (label: string): Promise<void> => page.getByRole('button', { name: label, exact: true }).click();
  const reads = (selector: string, words: RegExp): Promise<unknown> =>
    page.waitForFunction(
      ([where, pattern]) => new RegExp(pattern).test(document.querySelector(where)?.textContent ?? ''),
      [selector, words.source] as const,
    );

  before(async () => {
    const free = await freePorts(shippedPorts.length);
    const ports = new Map(shippedPorts.map((port, i) => [port, free[i] as number]));
    red = await startNodeRed(withPorts(readFlows(names), ports));
    listener = await listen(ports.get(1883) as number);
    browser = await openBrowser();
    ({ page, complaints } = await openPage(browser, { locale: 'en-US' }));
  });
  after(async () => {
    await browser?.close();
    await listener?.close();
    await red?.remove();
  });

  it('charges on a button, and the site follows', async () => {
    await page.goto(`http://127.0.0.1:${red.port}/dashboard/site`);
    await reads('.ems-held', /on its own/);
    await until(() => last('sites/home/power')?.quality === 'good', 'the site is live', 20_000);
    const gridBefore = Number(last('sites/home/power')?.grid_w);
    await press('Charge');
    await reads('.ems-now', /charge 1000 W.*person at the dashboard.*priority 70.*[45]:\d\d left/s);
    await reads('.ems-past', /charge completed, verified/);
    await until(
      () => Math.abs(Number(last('devices/storage/battery/power')?.value) + 1000) < 50,
      'the storage charges',
      15_000,
    );
    await until(() => Number(last('sites/home/power')?.grid_w) - gridBefore > 400, 'the grid gives more', 15_000);
  });

  it('lets go on another', async () => {
    await press('Release');
    await reads('.ems-now', /on its own/);
    await until(() => last('devices/storage/battery/setpoint/charge') === undefined, 'nothing is held');
    const released = listener.heard.filter(({ topic }) => topic === 'devices/storage/battery/response/release');
    assert.match(released.at(-1)?.payload ?? '', /"status":"completed"/);
  });

  it('lets two controllers compete, and a person go before both', async () => {
    await page.goto(`http://127.0.0.1:${red.port}/dashboard/controllers`);
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

  it('nothing complains in the console, and nothing failed', () => {
    assert.deepEqual(complaints, []);
    const errors = red.log().match(/^.*\[error\].*$/gm) ?? [];
    assert.deepEqual(errors, []);
  });
});
