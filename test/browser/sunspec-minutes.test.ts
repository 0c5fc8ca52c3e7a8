/** A new user with an inverter in the network: from an empty canvas to its readings on MQTT, with nothing but the editor. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { type ModbusServer, startModbusServer } from '../../src/simulator/modbus/modbus-server.ts';
import { openBrowser, openPage } from '../support/browser/browser.ts';
import { Canvas } from '../support/browser/canvas.ts';
import { takePicture } from '../support/browser/pictures.ts';
import { freePorts } from '../support/free-ports.ts';
import { observe } from '../support/mqtt/observer.ts';
import { complaintsIn, type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';
import { inverterModel, meterModel, modulesModel, nameplateModel } from '../support/sunspec/field-models.ts';
import { buildDevice, imagesOf, type ValuedModel } from '../support/sunspec/valued-device.ts';
import { until } from '../support/until.ts';

const common = (model: string, serial: string): ValuedModel => ({
  id: 1,
  values: { Mn: 'Acme', Md: model, Vr: '2.4.1', SN: serial },
});

/** Ways through the editor: in English by day, in German by night. */
const users = [
  { locale: 'en-US', scheme: 'light', device: 'acme-sun-5-0-3', deploy: /^live, \d+ points/ },
  { locale: 'de', scheme: 'dark', device: 'acme-sun-5-0-3', deploy: /^aktuell, \d+ Werte/ },
] as const;

describe('a new user with an inverter', () => {
  let browser: Browser;
  let server: ModbusServer;

  before(async () => {
    browser = await openBrowser();
    const inverter = buildDevice([
      common('Sun 5.0-3', 'SN-4711'),
      inverterModel(3210),
      nameplateModel,
      modulesModel(1700, 1600),
    ]);
    const meter = buildDevice([common('Smart Meter 63', 'SN-0815'), meterModel(-2150)]);
    const units = new Map(Array.from({ length: 256 }, (_, unit) => [unit, {}]));
    server = await startModbusServer(
      { host: '127.0.0.1', port: 0 },
      new Map([...units, [1, imagesOf(inverter)], [240, imagesOf(meter)]]),
    );
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  for (const { locale, scheme, device, deploy } of users)
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
        await canvas.type('#ems-scan-address', `127.0.0.1:${server.port}`);
        await takePicture(page, `connect-1-address-${locale}-${scheme}`);
        await canvas.click('#ems-scan-run');
        await page.waitForSelector('#ems-scan-found .ems-station >> nth=1');
        await page.waitForSelector('#ems-scan-run', { state: 'visible' });
        await takePicture(page, `connect-2-found-${locale}-${scheme}`);
        await page.click('#ems-scan-found .ems-station >> nth=0 >> button:not(.ems-scan-use)');
        await page.waitForSelector('.ems-scan-values td');
        await takePicture(page, `connect-3-values-${locale}-${scheme}`);
        await canvas.click('#ems-scan-found .ems-station >> nth=0 >> .ems-scan-use');
        await page.waitForSelector('#ems-scan-result.ems-good');
        assert.equal(await page.inputValue('#node-input-device'), device);
        assert.equal(await page.inputValue('#node-input-name'), 'Acme Sun 5.0-3');
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
        const status = page
          .locator('.red-ui-flow-node-group', { hasText: 'Acme' })
          .locator('.red-ui-flow-node-status-label');
        await until(async () => deploy.test((await status.first().textContent()) ?? ''), 'the node is live', 60_000);

        const observer = observe(port);
        await until(() => observer.last(`devices/${device}/solar/power`)?.value === 3210, 'its power on MQTT', 60_000);
        const tookS = Math.round((Date.now() - startedAt) / 1000);
        const { drags, clicks, typed } = canvas.steps;
        console.log(`      ${drags} drags, ${clicks} clicks, ${typed} texts, ${tookS} s of a machine`);
        assert.ok(drags + clicks + typed <= 25, 'the way has become longer');
        await takePicture(page, `connect-5-live-${locale}-${scheme}`);
        assert.equal(observer.last(`devices/${device}/meta`)?.serial, 'SN-4711');
        await observer.close();
        assert.deepEqual(complaints, []);
        assert.deepEqual(complaintsIn(red.log()), []);
        await page.context().close();
      });
    });
});
