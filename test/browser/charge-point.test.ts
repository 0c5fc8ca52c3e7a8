import assert from 'node:assert/strict';
import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { WebSocket } from 'ws';
import { systemClock } from '../../src/shell/clock.ts';
import { SimulatedStation } from '../../src/simulator/ocpp/simulated-station.ts';
import { openBrowser } from '../support/browser/browser.ts';
import { clearField, closeForm, dialog, judge, openEditor, openForm } from '../support/browser/editor.ts';
import { certificatePath } from '../support/certificates.ts';
import { freePorts } from '../support/free-ports.ts';
import { type FlowNode, type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';

/** One server with both kinds of port, a node for a known station, and one that waits for any. */
const garage = (port: number, tlsPort: number): FlowNode[] => {
  const station = { type: 'ems-ocpp', z: 'tab', x: 300, y: 100, server: 'server', site: 'site', wires: [[], []] };
  return [
    { id: 'tab', type: 'tab', label: 'Garage' },
    { id: 'site', type: 'ems-site', name: 'Home', site: 'home' },
    {
      id: 'tls',
      type: 'tls-config',
      name: 'gateway',
      cert: certificatePath('server.crt'),
      key: certificatePath('server.key'),
      ca: certificatePath('ca.crt'),
    },
    { id: 'server', type: 'ems-ocpp-server', name: 'Garage', port, tlsPort, tls: 'tls', host: '127.0.0.1' },
    { ...station, id: 'north', name: 'North', device: 'north', identity: 'CP NORTH', authorise: 'list', tags: '04A2' },
    { ...station, y: 200, id: 'south', name: 'South', device: 'south', identity: '' },
  ];
};

/** As others in the network know this machine. */
const ownAddresses = (): string[] =>
  Object.values(networkInterfaces())
    .flat()
    .flatMap((each) => (each && !each.internal && !each.address.startsWith('fe80:') ? [each.address] : []))
    .sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')));

describe('the forms of charge points', () => {
  let browser: Browser;
  let red: NodeRed;
  let page: Page;
  let complaints: string[];
  let port: number;
  let tlsPort: number;
  const stations: SimulatedStation[] = [];

  const dial = (identity: string): void => {
    const nameplate = { vendor: '<b>Acme</b>', model: 'M1', serial: '4711' };
    const url = `ws://127.0.0.1:${port}`;
    const station = new SimulatedStation({ version: '1.6', url, identity, nameplate }, systemClock);
    stations.push(station);
    station.powerOn();
  };
  const card = (identity: string): string => `#ems-ocpp-waiting .ems-station[data-identity="${identity}"]`;
  const isShown = (name: string): Promise<boolean> => page.isVisible(`#ems-row-${name}`);
  const urls = (box: string): Promise<string[]> => page.locator(`${box} code`).allInnerTexts();

  before(async () => {
    [port = 0, tlsPort = 0] = await freePorts(2);
    red = await startNodeRed(garage(port, tlsPort));
    browser = await openBrowser();
    ({ page, complaints } = await openEditor(browser, `http://127.0.0.1:${red.port}/`, 'en-US', 'light'));
  });
  after(async () => {
    await Promise.all(stations.map((station) => station.close()));
    await browser?.close();
    await red?.remove();
  });

  describe('the server', () => {
    beforeEach(() => openForm(page, 'ems-ocpp-server'));
    afterEach(() => closeForm(page));

    it('says what to type into a box, as its ports are typed', async () => {
      const box = '#ems-ocpp-server-urls';
      assert.deepEqual(await urls(box), [`ws://127.0.0.1:${port}/<identity>`, `wss://127.0.0.1:${tlsPort}/<identity>`]);
      assert.match(await page.innerText(box), /Only this machine reaches this address/);
      await page.selectOption('#ems-choose-host', 'other');
      await page.fill('#node-config-input-host', '192.168.1.10');
      await clearField(page, '#node-config-input-tlsPort');
      assert.deepEqual(await urls(box), [`ws://192.168.1.10:${port}/<identity>`]);
      assert.doesNotMatch(await page.innerText(box), /Only this machine/);
    });

    it('offers the addresses of this machine to listen on, before everything that is folded', async () => {
      assert.equal(await page.locator('details #ems-row-host').count(), 0);
      const own = ownAddresses();
      await page.waitForFunction(
        (count) => document.querySelectorAll('#ems-choose-host option').length === count,
        own.length + 3,
      );
      assert.deepEqual(
        await page
          .locator('#ems-choose-host option')
          .evaluateAll((all) => all.map((each) => (each as HTMLOptionElement).value)),
        ['0.0.0.0', '127.0.0.1', ...own, 'other'],
      );
      assert.deepEqual(
        [await page.inputValue('#ems-choose-host'), await page.isVisible('#node-config-input-host')],
        ['127.0.0.1', false],
      );
      await clearField(page, '#node-config-input-tlsPort');
      await page.selectOption('#ems-choose-host', '0.0.0.0');
      const reached = own.filter((address) => !address.includes(':'));
      const expected = reached.length > 0 ? reached : ['127.0.0.1'];
      assert.deepEqual(
        await urls('#ems-ocpp-server-urls'),
        expected.map((address) => `ws://${address}:${port}/<identity>`),
      );
      assert.equal(await page.inputValue('#node-config-input-host'), '0.0.0.0');
    });

    it('shows who waits, as text, and lets it in for a device', async () => {
      await page.waitForSelector('#ems-ocpp-nobody:visible');
      dial('CP-7');
      await page.waitForSelector(`${card('CP-7')}:has-text("4711")`);
      const text = await page.innerText(card('CP-7'));
      assert.match(
        text,
        /CP-7.*OCPP 1\.6 · ws.*<b>Acme<\/b> M1 · serial number 4711.*127\.0\.0\.1.*without a password/s,
      );
      assert.equal(await page.locator(`${card('CP-7')} b`).count(), 0);
      assert.equal(await page.isVisible(`${card('CP-7')} .ems-station-adopt`), false);
      assert.match(await page.innerText('#ems-ocpp-state'), new RegExp(`connected: 1, ports: ${port}, ${tlsPort}`));
      assert.deepEqual(await page.locator(`${card('CP-7')} option`).allInnerTexts(), ['south']);
      await page.click(`${card('CP-7')} .ems-approve`);
      await page.waitForSelector(card('CP-7'), { state: 'detached' });
    });

    it('keeps out whom it is told to, and tells why where that cannot be done', async () => {
      dial('CP-8');
      await page.waitForSelector(card('CP-8'));
      await page.click(`${card('CP-8')} .ems-approve`);
      const told = page.locator(`${card('CP-8')} .ems-result.ems-bad`);
      await told.waitFor();
      assert.match(await told.innerText(), /no charge point node without an identity has the device id "south"/);
      await page.click(`${card('CP-8')} .ems-reject`);
      await page.waitForSelector(card('CP-8'), { state: 'detached' });
      const out = '#ems-ocpp-rejected .ems-station[data-identity="CP-8"]';
      await page.waitForSelector(out);
      assert.match(await page.innerText(out), /CP-8.*Take back.*<b>Acme<\/b> M1 · 127\.0\.0\.1 · since/s);
      await page.click(`${out} .ems-take-back`);
      await page.waitForSelector(out, { state: 'detached' });
    });

    it('says why a box did not get in', async () => {
      for (let i = 0; i < 2; i++) {
        const socket = new WebSocket(`ws://127.0.0.1:${port}/CP-9`, ['ocpp1.5']);
        await once(socket, 'error');
      }
      const row = page.locator('#ems-ocpp-refusals tr:has-text("CP-9")');
      await page.waitForSelector('#ems-ocpp-refusals tr:has-text("(2 times)")');
      assert.match(await row.innerText(), /127\.0\.0\.1\s+CP-9\s+the station offers ocpp1\.5, allowed here: ocpp2\.1/);
      assert.match(await page.innerText('#ems-ocpp-refused'), /Why did my box not connect\? \(\d+\)/);
    });

    it('says what is wrong with its ports and proxies', async () => {
      assert.equal(await judge(page, 'server', 'port', String(port)), true);
      assert.match(String(await judge(page, 'server', 'port', '70000')), /must be a number from 1 to 65535/);
      assert.match(String(await judge(page, 'server', 'tlsPort', String(port))), /need a port each/);
      await page.selectOption('#node-config-input-tls', '_ADD_');
      assert.match(String(await judge(page, 'server', 'tlsPort', '8443')), /needs a TLS configuration/);
      await clearField(page, '#node-config-input-port');
      await clearField(page, '#node-config-input-tlsPort');
      assert.match(String(await judge(page, 'server', 'port', '')), /at least one of the two ports/);
      assert.equal(await judge(page, 'server', 'proxies', '10.0.0.0/8, fd00::1, 192.168.1.2'), true);
      assert.match(String(await judge(page, 'server', 'proxies', '10.0.0.1, proxy')), /"proxy" is no address/);
    });
  });

  describe('the charge point', () => {
    afterEach(() => closeForm(page));

    it('shows what was approved, live', async () => {
      await openForm(page, 'ems-ocpp', 'south');
      const row = page.locator('#ems-live-table tr:has-text("ev_charger/1/status")');
      await row.waitFor();
      assert.match(await row.innerText(), /available\s+good\s+\d+ s/);
    });

    it('shows what is known of its station', async () => {
      await openForm(page, 'ems-ocpp', 'south');
      const table = page.locator('#ems-station-table');
      await table.getByText('<b>Acme</b> M1 · serial number 4711').waitFor();
      assert.match(await table.innerText(), /OCPP\s+1\.6 · connected.*It measures.*Falls back.*Refused/s);
      assert.equal(await table.locator('b').count(), 0);
    });

    it('offers the stations that wait, and says what to type into a box', async () => {
      dial('CP-10');
      await openForm(page, 'ems-ocpp', 'north');
      const option = page.locator('#ems-list-waiting option[value="CP-10"][label*="Acme"]');
      await option.waitFor({ state: 'attached' });
      assert.equal(await option.getAttribute('label'), '<b>Acme</b> M1 · 127.0.0.1');
      assert.match(await page.innerText('#ems-ocpp-waiting-now'), /CP-10/);
      const [plain, secure] = await urls('#ems-ocpp-urls');
      assert.equal(plain, `ws://127.0.0.1:${port}/CP%20NORTH`);
      assert.equal(secure, `wss://127.0.0.1:${tlsPort}/CP%20NORTH`);
      await clearField(page, '#node-input-identity');
      assert.equal((await urls('#ems-ocpp-urls'))[0], `ws://127.0.0.1:${port}/<identity>`);
    });

    it('knows the presets', async () => {
      await openForm(page, 'ems-ocpp', 'north');
      await page.waitForSelector('#node-input-preset option[value="go-e"]', { state: 'attached' });
      assert.equal(await page.inputValue('#node-input-preset'), '');
      assert.equal(await page.innerText('#node-input-preset option[value=""]'), 'recognised by itself');
    });

    it('asks for cards where they matter', async () => {
      await openForm(page, 'ems-ocpp', 'north');
      assert.deepEqual([await isShown('tags'), await isShown('autostart')], [true, false]);
      assert.match(await page.innerText('#ems-ocpp-authorise'), /Only the cards below/);
      assert.equal(await judge(page, 'north', 'tags', '04A2; 2027-12-31; blocked\n\n04B3'), true);
      for (const wrong of ['04A2; someday', '; blocked', '04A2; 2027-12-31; 2028-12-31', 'x'.repeat(37)])
        assert.match(String(await judge(page, 'north', 'tags', wrong)), /is no card like/, wrong);
      await page.selectOption('#node-input-authorise', 'free');
      assert.deepEqual([await isShown('tags'), await isShown('autostart')], [false, true]);
      assert.match(await page.innerText('#ems-ocpp-authorise'), /Every card is accepted/);
    });

    it('says what each security profile needs', async () => {
      await openForm(page, 'ems-ocpp', 'north');
      const rows = async (): Promise<boolean[]> => [await isShown('password'), await isShown('certificateNames')];
      assert.deepEqual(await rows(), [false, false]);
      await page.selectOption('#node-input-security', '1');
      assert.deepEqual(await rows(), [true, false]);
      assert.match(await page.innerText('#ems-ocpp-warning'), /for everybody to read/);
      await page.selectOption('#node-input-security', '2');
      assert.deepEqual(await rows(), [true, false]);
      assert.equal(await page.isVisible('#ems-ocpp-warning'), false);
      assert.deepEqual(await urls('#ems-ocpp-urls'), [`wss://127.0.0.1:${tlsPort}/CP%20NORTH`]);
      await page.selectOption('#node-input-security', '3');
      assert.deepEqual(await rows(), [false, true]);
      assert.match(await page.innerText('#ems-ocpp-warning'), /does not ask for client certificates/);
    });

    it('asks for a second backend, and for more only where there is one', async () => {
      await openForm(page, 'ems-ocpp', 'north');
      const rows = async (): Promise<boolean[]> =>
        Promise.all(['forwardUrl', 'forwardMode', 'forwardPassword', 'foreign'].map(isShown));
      assert.deepEqual(await rows(), [true, false, false, true]);
      await page.fill('#node-input-forwardUrl', 'wss://csms.example.com/ocpp');
      assert.deepEqual(await rows(), [true, true, true, false]);
      assert.equal(await page.inputValue('#node-input-forwardMode'), 'observe');
      for (const right of ['', 'ws://10.0.0.1:8180/steve/websocket/CentralSystemService', '$(BACKEND)'])
        assert.equal(await judge(page, 'north', 'forwardUrl', right), true, right);
      for (const wrong of ['https://csms.example.com', 'csms.example.com', 'wss://'])
        assert.match(String(await judge(page, 'north', 'forwardUrl', wrong)), /begins with ws:/, wrong);
    });

    it('makes a password that can be read once, and says what is wrong with others', async () => {
      await openForm(page, 'ems-ocpp', 'north');
      await page.selectOption('#node-input-security', '1');
      const says = async (password: string): Promise<string> =>
        String(await judge(page, 'north', 'password', password));
      assert.match(await says(''), /needs a password/);
      assert.match(await says('fifteen-letters'), /at least 16 characters/);
      assert.match(await says('x'.repeat(256)), /more than 255 bytes/);
      assert.equal(await says('sixteen-letters!'), 'true');
      await page.check('#node-input-weak');
      assert.equal(await says('fifteen-letters'), 'true');
      await page.uncheck('#node-input-weak');
      await page.waitForSelector('#node-input-password.input-error');
      await page.click('#ems-ocpp-generate');
      assert.match(await page.inputValue('#node-input-password'), /^[0-9a-f]{32}$/);
      assert.equal(await page.getAttribute('#node-input-password', 'type'), 'text');
      assert.equal(await page.locator('#node-input-password.input-error').count(), 0);
    });

    it('takes no identity that is taken, or cannot be one', async () => {
      await openForm(page, 'ems-ocpp', 'south');
      assert.match(String(await judge(page, 'south', 'identity', 'CP NORTH')), /another node is for the station/);
      for (const wrong of ['a/b', 'x'.repeat(49), 'a\u0007'])
        assert.match(String(await judge(page, 'south', 'identity', wrong)), /at most 48 characters/, wrong);
      assert.equal(await judge(page, 'south', 'identity', 'CP-11'), true);
      assert.equal(await page.locator(`${dialog} .input-error`).count(), 0);
    });
  });

  describe('all the while', () => {
    it('nothing complains in the console but the approval that was refused', () => {
      assert.deepEqual(
        complaints.filter((complaint) => !complaint.includes('500 (Internal Server Error)')),
        [],
      );
      assert.equal(complaints.length, 1);
    });
  });
});
