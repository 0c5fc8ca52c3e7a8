/** A new user with an inverter in the network: from an empty canvas to its readings on MQTT, with nothing but the editor. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { systemClock } from '../../src/shell/clock.ts';
import { type Simulation, startSimulation } from '../../src/simulator/simulation.ts';
import { openBrowser, openPage } from '../support/browser/browser.ts';
import { Canvas } from '../support/browser/canvas.ts';
import { takePicture } from '../support/browser/pictures.ts';
import { freePorts } from '../support/free-ports.ts';
import { observe } from '../support/mqtt/observer.ts';
import { complaintsIn, type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';
import { until } from '../support/until.ts';

/** Ways through the editor: in English by day, in German by night. */
const users = [
  { locale: 'en-US', scheme: 'light', live: /^live, \d+ points/ },
  { locale: 'de', scheme: 'dark', live: /^aktuell, \d+ Werte/ },
] as const;

describe('a new user with an inverter', () => {
  let browser: Browser;
  let house: Simulation;

  before(async () => {
    browser = await openBrowser();
    const ports = { grid: 0, hybrid: 0, storage: 0 };
    const options = { host: '127.0.0.1', ports, startHour: 11, seed: 7, speed: 1, watchdogS: 60, sunSpecPort: 0 };
    house = await startSimulation(options, systemClock);
  });
  after(async () => {
    await browser?.close();
    await house?.close();
  });

  for (const { locale, scheme, live } of users)
    describe(`${locale}, ${scheme}`, () => {
      let red: NodeRed;
      before(async () => {
        red = await startNodeRed([{ id: 'tab', type: 'tab', label: 'Flow 1' }]);
      });
      after(() => red?.remove());

      it('gets its readings to MQTT: address, Scan, Use this device', async () => {
        const [port = 0] = await freePorts(1);
        const { page, complaints } = await openPage(browser, { locale, scheme });
        await page.setViewportSize({ width: 1280, height: 720 });
        await page.goto(`http://127.0.0.1:${red.port}/`);
        await page.waitForSelector('.red-ui-palette-node[data-palette-type="ems-sunspec"]');
        if (scheme === 'dark') await page.evaluate(() => document.documentElement.classList.add('nr-theme-dark'));
        const canvas = new Canvas(page);
        const startedAt = Date.now();

        await canvas.drop('ems-sunspec', { x: 180, y: 120 });
        await canvas.open('ems-sunspec');
        await canvas.type('#ems-scan-address', `127.0.0.1:${house.sunSpecPort}`);
        await takePicture(page, `connect-1-address-${locale}-${scheme}`);
        await canvas.click('#ems-scan-run');
        // The battery is found last; a user need not wait for it.
        await page.waitForSelector('#ems-scan-found .ems-station >> nth=2');
        await takePicture(page, `connect-2-found-${locale}-${scheme}`);
        await page.click('#ems-scan-found .ems-station >> nth=0 >> button:not(.ems-scan-use)');
        await page.waitForSelector('.ems-scan-values td');
        await takePicture(page, `connect-3-values-${locale}-${scheme}`);
        await canvas.click('#ems-scan-found .ems-station >> nth=0 >> .ems-scan-use');
        await page.waitForSelector('#ems-scan-result.ems-good');
        const device = await page.inputValue('#node-input-device');
        assert.equal(device, 'ems-simulator-hybrid-10');
        assert.equal(await page.inputValue('#node-input-unit'), '1');
        await canvas.click('#node-input-btn-site-add');
        await page.waitForSelector('#node-config-input-site');
        await canvas.settled();
        await canvas.type('#node-config-input-site', 'home');
        await canvas.configDone();
        await takePicture(page, `connect-4-filled-${locale}-${scheme}`);
        await canvas.done();

        await canvas.drop('ems-local-broker', { x: 180, y: 220 });
        await canvas.open('ems-local-broker');
        await canvas.type('#node-input-port', String(port));
        await canvas.done();
        await canvas.drop('ems-publish', { x: 460, y: 120 });
        await canvas.wire('ems-sunspec', 'ems-publish');
        await canvas.open('ems-publish');
        await canvas.click('#node-input-btn-broker-add');
        await page.waitForSelector('.ems-server');
        await canvas.settled();
        await canvas.type('.ems-server', `mqtt://127.0.0.1:${port}`);
        await canvas.configDone();
        await canvas.done();
        await canvas.deploy();
        const status = (await canvas.node('ems-sunspec')).locator('.red-ui-flow-node-status-label');
        await until(async () => live.test((await status.textContent()) ?? ''), 'the node is live', 60_000);

        const observer = observe(port);
        const soc = (): unknown => observer.last(`devices/${device}/battery/soc`)?.value;
        await until(() => typeof soc() === 'number', 'the state of charge on MQTT', 60_000);
        assert.ok(Math.abs(Number(soc()) - house.state().hybrid_soc) < 2, `${soc()} %`);
        const tookS = Math.round((Date.now() - startedAt) / 1000);
        const { drags, clicks, typed } = canvas.steps;
        console.log(`      ${drags} drags, ${clicks} clicks, ${typed} texts, ${tookS} s of a machine`);
        assert.ok(drags + clicks + typed <= 25, 'the way has become longer');
        await takePicture(page, `connect-5-live-${locale}-${scheme}`);
        assert.equal(observer.last(`devices/${device}/meta`)?.serial, 'SIM-HYBRID');
        await observer.close();
        assert.deepEqual(complaints, []);
        assert.deepEqual(complaintsIn(red.log()), []);
        await page.context().close();
      });
    });
});
