/** The scan and the choice of a device in the forms of Modbus and SunSpec devices, as a user meets them. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { type ModbusServer, startModbusServer, type UnitImages } from '../../src/drivers/modbus/index.ts';
import { openBrowser } from '../support/browser/browser.ts';
import { closeForm, dialog, openEditor, openForm } from '../support/browser/editor.ts';
import { unitImagesOf } from '../support/modbus/profile-image.ts';
import { type FlowNode, type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';
import { commonModel, meterModel } from '../support/sunspec/field-models.ts';
import { buildDevice, imagesOf } from '../support/sunspec/valued-device.ts';

const flow: FlowNode[] = [
  { id: 'tab', type: 'tab', label: 'Flow 1' },
  { id: 'site', type: 'ems-site', site: 'home' },
  { id: 'modbus', z: 'tab', type: 'ems-modbus', site: 'site', client: '', device: '', x: 200, y: 100, wires: [[], []] },
  {
    id: 'sunspec',
    z: 'tab',
    type: 'ems-sunspec',
    site: 'site',
    client: '',
    device: '',
    x: 200,
    y: 200,
    wires: [[], []],
  },
  {
    id: 'taken',
    z: 'tab',
    type: 'ems-modbus',
    site: 'site',
    client: '',
    device: 'eastron-sdm630',
    x: 200,
    y: 300,
    wires: [[], []],
  },
];

describe('the scan in the forms', () => {
  let browser: Browser;
  let red: NodeRed;
  let page: Page;
  let complaints: string[];
  const servers: ModbusServer[] = [];

  const serve = async (units: Record<number, UnitImages>): Promise<string> => {
    const images = new Map(Array.from({ length: 256 }, (_, unit) => [unit, units[unit] ?? {}]));
    const server = await startModbusServer({ host: '127.0.0.1', port: 0 }, images);
    servers.push(server);
    return `127.0.0.1:${server.port}`;
  };

  before(async () => {
    red = await startNodeRed(flow);
    browser = await openBrowser();
    ({ page, complaints } = await openEditor(browser, `http://127.0.0.1:${red.port}/`, 'en-US', 'light'));
  });
  after(async () => {
    await browser?.close();
    await red?.remove();
    await Promise.all(servers.map((server) => server.close()));
  });
  afterEach(() => assert.deepEqual(complaints.splice(0), []));

  const scan = async (address: string): Promise<void> => {
    await page.fill('#ems-scan-address', address);
    await page.press('#ems-scan-address', 'Enter');
    await page.waitForSelector('#ems-scan-stop', { state: 'visible' });
    await page.waitForSelector('#ems-scan-run', { state: 'visible' });
  };
  const use = async (n = 0): Promise<void> => {
    await page.click(`#ems-scan-found .ems-station >> nth=${n} >> .ems-scan-use`);
    await page.waitForSelector('#ems-scan-result.ems-good');
  };
  const clients = (): Promise<string[]> =>
    page.evaluate(() => {
      const found: string[] = [];
      (
        window as unknown as { RED: { nodes: { eachConfig(look: (node: Record<string, unknown>) => void): void } } }
      ).RED.nodes.eachConfig(({ type, host, port }) => {
        if (type === 'ems-modbus-client') found.push(`${host}:${port}`);
      });
      return found;
    });
  const field = (id: string, name: string): Promise<unknown> =>
    page.evaluate(
      ([of, which]) =>
        (window as unknown as { RED: { nodes: { node(id: string): Record<string, unknown> } } }).RED.nodes.node(of)[
          which
        ],
      [id, name] as const,
    );
  const undo = (): Promise<void> =>
    page.evaluate(() =>
      (window as unknown as { RED: { actions: { invoke(name: string): void } } }).RED.actions.invoke('core:undo'),
    );

  it('fills in connection, unit, profile, a free id, name and role of a meter', async () => {
    const address = await serve({ 7: {}, 1: unitImagesOf('eastron-sdm630') });
    await openForm(page, 'ems-modbus', 'modbus');
    await scan(address);
    assert.match(await page.innerText('#ems-scan-found'), /Eastron SDM630[\s\S]*unit 1[\s\S]*profile Eastron SDM630/);
    await use();
    for (const [name, value] of Object.entries({
      ...{ unit: '1', profile: 'eastron-sdm630', device: 'eastron-sdm630-2', name: 'Eastron SDM630', role: 'grid' },
    }))
      assert.equal(await page.inputValue(`#node-input-${name}`), value, name);
    assert.equal(await page.inputValue('#ems-choice-profile'), 'Eastron SDM630');
    assert.deepEqual(await clients(), [address]);
  });

  it('takes the connection back where the form is cancelled, and keeps it where the form is saved, until that is undone', async () => {
    await closeForm(page);
    assert.deepEqual(await clients(), []);
    await openForm(page, 'ems-modbus', 'modbus');
    const address = `127.0.0.1:${servers[0]?.port}`;
    await scan(address);
    await use();
    await page.click('#node-dialog-ok');
    await page.waitForSelector(dialog, { state: 'detached' });
    assert.deepEqual(await clients(), [address]);
    assert.equal(await field('modbus', 'profile'), 'eastron-sdm630');
    await undo();
    assert.deepEqual(await clients(), []);
    assert.equal(await field('modbus', 'profile'), '');
  });

  it('lets the user choose among profiles that fit alike', async () => {
    const address = await serve({ 1: unitImagesOf('mypv-elwa-2') });
    await openForm(page, 'ems-modbus', 'modbus');
    await scan(address);
    await page.selectOption('#ems-scan-found select', 'mypv-elwa-2');
    await use();
    assert.equal(await page.inputValue('#node-input-profile'), 'mypv-elwa-2');
    await closeForm(page);
  });

  it('asks a meter for its direction, and derives the sign from what it shows', async () => {
    const address = await serve({ 1: imagesOf(buildDevice([commonModel('M1', { Md: 'Meter' }), meterModel(-2150)])) });
    await openForm(page, 'ems-sunspec', 'sunspec');
    await scan(address);
    await page.waitForSelector('#ems-choice-brand[placeholder^="any other"]');
    await page.waitForSelector('.ems-scan-power:has-text("-2150 W")');
    await page.check('input[type=radio][value="import"]');
    await use();
    assert.equal(await page.inputValue('#node-input-meterSign'), 'export');
    assert.equal(await page.inputValue('#node-input-role'), 'grid');
    await closeForm(page);
  });

  it('says what it has no use for, and what is no address', async () => {
    const address = await serve({ 1: unitImagesOf('eastron-sdm630') });
    await openForm(page, 'ems-sunspec', 'sunspec');
    await scan(address);
    assert.match(await page.innerText('#ems-scan-found'), /use the node "modbus" for it, with this profile/);
    assert.equal(await page.locator('.ems-scan-use').count(), 0);
    await page.fill('#ems-scan-address', '8.8.8.0/24');
    await page.click('#ems-scan-run');
    await page.waitForSelector('#ems-scan-result.ems-bad:has-text("not one of your own")');
    await closeForm(page);
  });

  describe('the choice of a device', () => {
    const input = '#ems-choice-profile';
    before(() => openForm(page, 'ems-modbus', 'modbus'));
    after(() => closeForm(page));

    const lines = (): Promise<string[]> => page.locator('#ems-choice-profile-list li').allInnerTexts();

    it('is made with a few words, and the keyboard alone', async () => {
      await page.focus(input);
      await page.waitForSelector('#ems-choice-profile-list li >> nth=10');
      await page.keyboard.type('sdm 630');
      assert.deepEqual(await lines(), ['Eastron\nSDM630']);
      await page.keyboard.press('Enter');
      assert.equal(await page.inputValue('#node-input-profile'), 'eastron-sdm630');
      assert.equal(await page.inputValue(input), 'Eastron SDM630');
      assert.equal(await page.getAttribute(input, 'aria-expanded'), 'false');
    });

    it('is made by maker, then model', async () => {
      await page.click(input);
      await page.click('#ems-choice-profile-list li:has-text("Carlo Gavazzi")');
      assert.equal((await lines()).length, 3);
      assert.match((await page.getAttribute(input, 'aria-activedescendant')) ?? '', /-0$/);
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      assert.match(await page.inputValue('#node-input-profile'), /^carlogavazzi-/);
    });

    it('names the node that a device needs, where it is another one', async () => {
      await page.click(input);
      await page.fill(input, 'fimer');
      assert.deepEqual(await lines(), ['Fimer\nall models with SunSpec, with the node "sunspec"']);
      await page.keyboard.press('Enter');
      assert.match(await page.inputValue('#node-input-profile'), /^carlogavazzi-/);
      await page.fill(input, 'zaptec');
      assert.match((await lines()).join(), /over OCPP/);
    });

    it('is left with Escape, and the form stays', async () => {
      await page.keyboard.press('Escape');
      assert.equal(await page.isVisible('#ems-choice-profile-list'), false);
      assert.ok(await page.isVisible(dialog));
      assert.match(await page.inputValue(input), /^Carlo Gavazzi/);
    });
  });

  it('is refused to people who may only look', async () => {
    const settings = fileURLToPath(new URL('../support/node-red/read-only-settings.cjs', import.meta.url));
    const guarded = await startNodeRed([], {}, settings);
    const ask = (path: string, init?: RequestInit) =>
      fetch(`http://127.0.0.1:${guarded.port}/ems/modbus/${path}`, init);
    const post = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"aim":"sunspec","address":"127.0.0.1"}',
    };
    try {
      assert.equal((await ask('profiles')).status, 200);
      for (const path of ['scan', 'scan/x/stop', 'scan/x/end', 'scan/x/preview/0'])
        assert.equal((await ask(path, post)).status, 401, path);
      assert.deepEqual(await (await ask('scan/x')).json(), { isOver: true });
    } finally {
      await guarded.remove();
    }
  });
});
