import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { type Listener, listen } from '../support/broker.ts';
import { openBrowser, openPage } from '../support/browser.ts';
import { until } from '../support/events.ts';
import { freePorts } from '../support/free-ports.ts';
import { type NodeRed, readFlows, startNodeRed, withPorts } from '../support/node-red.ts';

const shippedPorts = [1502, 1503, 1504, 1505, 1506, 1507, 1883, 1884, 8887, 8888];
const names = ['02 Complete site', '07 Garage with three wallboxes'];

describe('the dashboard of the garage', function () {
  this.timeout(90_000);
  let browser: Browser;
  let red: NodeRed;
  let listener: Listener;
  let complaints: string[];
  let page: Page;

  const value = (topic: string): unknown => {
    const heard = listener.heard.findLast((each) => each.topic === topic);
    return heard && JSON.parse(heard.payload).value;
  };
  const card = (name: string) => page.locator('.box', { hasText: name });

  before(async () => {
    const free = await freePorts(shippedPorts.length);
    const ports = new Map(shippedPorts.map((port, i) => [port, free[i] as number]));
    red = await startNodeRed(withPorts(readFlows(names), ports));
    listener = await listen(ports.get(1883) as number);
    browser = await openBrowser();
    ({ page, complaints } = await openPage(browser, { locale: 'en-US' }));
    await page.goto(`http://127.0.0.1:${red.port}/dashboard/garage`);
  });
  after(async () => {
    await browser?.close();
    await listener?.close();
    await red?.remove();
  });

  it('shows two wallboxes that charge, and the site follows', async () => {
    await card('wallbox 1').getByText('charging').waitFor();
    await card('wallbox 2').getByText('charging').waitFor();
    const site = (): { ev_w?: number } =>
      JSON.parse(listener.heard.findLast(({ topic }) => topic === 'sites/home/power')?.payload ?? '{}');
    await until(() => Number(site().ev_w) > 10_000, 'the site knows what the cars take', 30_000);
    const power = (): number => Number(value('devices/wallbox-1/ev_charger/1/power'));
    await until(() => power() > 9000, 'three phases of 16 A', 30_000);
  });

  it('approves the station that waits', async () => {
    await card('WALLBOX-3').getByRole('button', { name: 'Approve as wallbox 3' }).click();
    await card('wallbox 3').getByText('available').waitFor();
    await card('WALLBOX-3').waitFor({ state: 'detached' });
  });

  it('pauses a car, and lets it go on', async () => {
    await card('wallbox 1').getByRole('button', { name: 'Pause', exact: true }).click();
    await card('wallbox 1').getByText('pause completed').waitFor();
    assert.equal(value('devices/wallbox-1/ev_charger/1/status'), 'suspended_evse');
    assert.equal(value('devices/wallbox-1/ev_charger/1/current_offered'), 0);
    await card('wallbox 1').getByRole('button', { name: 'Release', exact: true }).click();
    await card('wallbox 1').getByText('release completed').waitFor();
    await until(() => value('devices/wallbox-1/ev_charger/1/status') === 'charging', 'it charges again', 30_000);
    assert.equal(value('devices/wallbox-1/ev_charger/1/current_limit'), 6);
  });

  it('nothing complains in the console, and nothing failed', () => {
    assert.deepEqual(complaints, []);
    assert.deepEqual(red.log().match(/^.*\[error\].*$/gm) ?? [], []);
  });
});
