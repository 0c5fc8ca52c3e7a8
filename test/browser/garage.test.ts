import assert from 'node:assert/strict';
import { type Dashboard, openDashboard } from '../support/browser/dashboard.ts';
import { openEditor, openForm } from '../support/browser/editor.ts';
import { takePicture } from '../support/browser/pictures.ts';
import { until } from '../support/until.ts';

const names = ['02 Complete site', '07 Garage with three wallboxes'];

describe('the dashboard of the garage', () => {
  let dashboard: Dashboard;

  const value = (topic: string): unknown => dashboard.last(topic)?.value;
  const card = (name: string) => dashboard.page.locator('.box', { hasText: name });

  before(async () => {
    dashboard = await openDashboard(names);
    await dashboard.open('garage');
  });
  after(() => dashboard?.close());

  it('shows two wallboxes that charge, and the site follows', async () => {
    await card('wallbox 1').getByText('charging').waitFor();
    await card('wallbox 2').getByText('charging').waitFor();
    await until(
      () => Number(dashboard.last('sites/home/power')?.ev_w) > 10_000,
      'the site knows what the cars take',
      60_000,
    );
    const power = (): number => Number(value('devices/wallbox-1/ev_charger/1/power'));
    await until(() => power() > 9000, 'three phases of 16 A');
  });

  it('fits a phone', async () => {
    const { page } = dashboard;
    const size = page.viewportSize();
    await page.setViewportSize({ width: 400, height: 850 });
    const overflow = await page
      .locator('.garage')
      .evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
    if (size) await page.setViewportSize(size);
    assert.ok(overflow <= 1, `${overflow} px of a wallbox are cut off`);
  });

  it('shows who waits, as the form of the server does', async () => {
    const waiting = dashboard.page.locator('.box', { hasText: 'WALLBOX-3' });
    await waiting.waitFor();
    await takePicture(dashboard.page, 'garage');
    const { page } = await openEditor(dashboard.browser, `http://127.0.0.1:${dashboard.red.port}/`, 'en-US', 'light');
    await openForm(page, 'ems-ocpp-server');
    const told = page.locator('.ems-station[data-identity="WALLBOX-3"]');
    await told.waitFor();
    assert.match(await told.innerText(), /WALLBOX-3.*OCPP 1\.6.*emsflow Simulated 11/s);
    await takePicture(page, 'form-ems-ocpp-server');
    await page.context().close();
  });

  it('approves the station that waits', async () => {
    await card('WALLBOX-3').getByRole('button', { name: 'Approve as wallbox 3' }).click();
    await card('wallbox 3').getByText('available').waitFor();
    await card('WALLBOX-3').waitFor({ state: 'detached' });
  });

  it('pauses a car, and lets it go on', async () => {
    await card('wallbox 1').getByRole('button', { name: 'Pause', exact: true }).click();
    await card('wallbox 1').getByText('pause completed').waitFor();
    await card('wallbox 1').getByText('person at the dashboard').waitFor();
    assert.equal(value('devices/wallbox-1/ev_charger/1/status'), 'suspended_evse');
    assert.equal(value('devices/wallbox-1/ev_charger/1/current_offered'), 0);
    await card('wallbox 1').getByRole('button', { name: 'Release', exact: true }).click();
    await card('wallbox 1').getByText('release completed').waitFor();
    await card('wallbox 1').getByText('nobody').waitFor();
    await until(() => value('devices/wallbox-1/ev_charger/1/status') === 'charging', 'it charges again');
    assert.equal(value('devices/wallbox-1/ev_charger/1/current_limit'), 6);
  });

  it('nothing complains in the console, and nothing failed', () => {
    assert.deepEqual(dashboard.complaints, []);
    assert.deepEqual(dashboard.errors(), []);
  });
});
