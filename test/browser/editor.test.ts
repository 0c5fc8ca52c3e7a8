import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, openPage } from '../support/browser/browser.ts';
import {
  closeForm,
  dialog,
  type Editor,
  type EditorNode,
  judge,
  openEditor,
  openForm,
} from '../support/browser/editor.ts';
import { takePicture } from '../support/browser/pictures.ts';
import { root } from '../support/house-rules.ts';
import type { NodeRed } from '../support/node-red/node-red.ts';
import { startShipped } from '../support/node-red/shipped-flows.ts';

const types = Object.keys(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))['node-red'].nodes) as string[];

const names = [
  '02 Complete site',
  '03 Command a battery',
  '01 First meter',
  '05 SunSpec site',
  '06 First wallbox',
  '07 Garage with three wallboxes',
];

/** Names of the pictures that the documentation shows. */
const shown = /^(dashboard|(editor|form-ems-modbus|help)-(en-US-light|de-dark))$/;

const picture = async (page: Page, name: string): Promise<void> => {
  if (shown.test(name)) await takePicture(page, name);
};

describe('the editor, as a user sees it', () => {
  let browser: Browser;
  let red: NodeRed;
  let url: string;

  before(async () => {
    ({ red } = await startShipped(names));
    url = `http://127.0.0.1:${red.port}/`;
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await red?.remove();
  });

  for (const [locale, scheme] of [
    ['en-US', 'light'],
    ['en-US', 'dark'],
    ['de', 'light'],
    ['de', 'dark'],
  ] as const)
    describe(`${locale}, ${scheme}`, () => {
      let page: Page;
      let complaints: string[];

      before(async () => {
        ({ page, complaints } = await openEditor(browser, url, locale, scheme));
      });
      after(() => page.context().close());

      it('shows the palette with its own words', async () => {
        const labels = await page.$$eval(
          '#red-ui-palette-container [data-palette-type^="ems-"] .red-ui-palette-label',
          (all) => all.map((label) => label.textContent?.replace(/\s+/g, ' ')),
        );
        const palette = types.filter(
          (type) =>
            !/broker$|site$|client$|server$/.test(type) || ['ems-local-broker', 'ems-sunspec-server'].includes(type),
        );
        const catalog = (type: string) =>
          JSON.parse(readFileSync(join(root, 'locales', locale, `${type}.json`), 'utf8'))[type].paletteLabel;
        assert.deepEqual(labels.sort(), palette.map(catalog).sort());
        await picture(page, `editor-${locale}-${scheme}`);
      });

      it('says the state of each node in its own language', async () => {
        const word = locale === 'de' ? 'aktuell' : 'live';
        await page.waitForFunction(
          (wanted) =>
            [...document.querySelectorAll('.red-ui-flow-node-status-label')].some((label) =>
              label.textContent?.startsWith(wanted),
            ),
          word,
        );
      });

      for (const type of types)
        it(`${type}: the form is whole`, async () => {
          await openForm(page, type);
          const form = page.locator(`${dialog} .ems-form`).last();
          await form.locator('.form-row').first().waitFor();
          const text = await form.innerText();
          assert.ok(!text.includes(`${type}.`), `an untranslated key: ${text}`);
          const rows = await form.locator('.form-row:visible').count();
          const hints = await form.locator('.ems-hint:visible').count();
          assert.ok(rows >= 2 && hints >= rows - 2, `${rows} rows, ${hints} hints`);
          const body = page.locator(`${dialog} .red-ui-tray-body`).last();
          for (const element of [form, body]) {
            const overflow = await element.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
            assert.ok(overflow <= 1, `${overflow} px wider than its dialog`);
          }
          const blank = await form
            .locator('select:visible')
            .evaluateAll((all) =>
              (all as HTMLSelectElement[]).filter((each) => each.selectedIndex < 0).map(({ id }) => id),
            );
          assert.deepEqual(blank, [], 'choices that show nothing');
          const { width = 0 } = (await page.locator(dialog).boundingBox()) ?? {};
          assert.ok(width > 0 && width < 700, `a form ${width} px wide hides the flow`);
          const colors = await form.evaluate((element) => {
            const style = getComputedStyle(element.querySelector('.ems-hint') as Element);
            const body = getComputedStyle(document.querySelector('.red-ui-tray-body') as Element);
            return [style.color, body.backgroundColor];
          });
          assert.notEqual(colors[0], colors[1], 'hints are invisible');
          await picture(page, `form-${type}-${locale}-${scheme}`);
          await closeForm(page);
        });

      it('every node of the shipped flows is valid', async () => {
        const invalid = await page.evaluate(() => {
          const { RED } = window as unknown as Editor;
          const names: string[] = [];
          const look = (node: EditorNode): void => {
            if (node.type.startsWith('ems-') && node.valid === false) names.push(`${node.type} ${node.name}`);
          };
          RED.nodes.eachNode(look);
          RED.nodes.eachConfig(look);
          return names;
        });
        assert.deepEqual(invalid, []);
      });

      it('shows the help of a node', async () => {
        await page.evaluate(() => (window as unknown as Editor).RED.sidebar.help.show('ems-modbus'));
        const words = locale === 'de' ? 'Ein Gerät an Modbus' : 'A device on Modbus';
        await page.waitForSelector(`.red-ui-help:has-text("${words}")`);
        await picture(page, `help-${locale}-${scheme}`);
      });

      it('nothing complains in the console', () => assert.deepEqual(complaints, []));
    });

  describe('what the forms can do', () => {
    let page: Page;
    let complaints: string[];
    before(async () => {
      ({ page, complaints } = await openEditor(browser, url, 'en-US', 'light'));
    });
    after(() => page.context().close());

    it('tests the connection to the broker', async () => {
      await openForm(page, 'ems-broker');
      await page.click('#ems-test');
      await page.waitForFunction(() => document.querySelector('#ems-test-result.ems-good'));
      assert.match(await page.innerText('#ems-test-result'), /connected to mqtt:.*MQTT version 4/);
      await page.fill('.ems-server >> nth=0', 'mqtt://127.0.0.1:9');
      await page.click('#ems-test');
      await page.waitForFunction(() => document.querySelector('#ems-test-result.ems-bad'));
      const told = /not connected: nothing listens on mqtt:\/\/127\.0\.0\.1:9: start the broker/;
      assert.match(await page.innerText('#ems-test-result'), told);
      await closeForm(page);
    });

    it('allows no server without TLS after one with it, unless it is asked to', async () => {
      const judgeServers = (servers: string[], plainFallback: boolean): Promise<unknown> =>
        page.evaluate(
          ([servers, plainFallback]) => {
            let found: unknown;
            (window as unknown as Editor).RED.nodes.eachConfig((node) => {
              if (node.type !== 'ems-broker') return;
              const changed = Object.assign(Object.create(node), { plainFallback });
              found ??= node._def.defaults.servers?.validate.call(changed, servers, {});
            });
            return found;
          },
          [servers, plainFallback] as const,
        );
      const mixed = ['mqtts://a.example', 'ws://b.example'];
      assert.match(
        String(await judgeServers(mixed, false)),
        /"ws:\/\/b\.example" has no TLS and follows a server that has/,
      );
      assert.equal(await judgeServers(mixed, true), true);
      assert.equal(await judgeServers(['mqtt://a.example', 'mqtts://b.example'], false), true);
    });

    it('tests the connection to a device', async () => {
      await openForm(page, 'ems-modbus-client');
      await page.click('#ems-test');
      await page.waitForFunction(() => document.querySelector('#ems-test-result.ems-good'));
      assert.match(await page.innerText('#ems-test-result'), /unit 1 answers in \d+ ms/);
      await page.fill('#node-config-input-port', '9');
      await page.click('#ems-test');
      await page.waitForSelector('#ems-test-result.ems-bad:has-text("not connected: nothing listens there:")');
      await closeForm(page);
    });

    it('shows what holds for a connection where no time is entered: the profile says it, and the transport', async () => {
      const { connection } = JSON.parse(readFileSync(join(root, 'profiles/huawei-sun2000.json'), 'utf8'));
      await page.evaluate(() => {
        const { RED } = window as unknown as Editor;
        RED.nodes.eachNode((node) => {
          if (node.type === 'ems-modbus') Object.assign(node, { profile: 'huawei-sun2000' });
        });
      });
      await openForm(page, 'ems-modbus-client');
      const shown = (field: string): Promise<string | null> =>
        page.getAttribute(`#node-config-input-${field}`, 'placeholder');
      await page.waitForFunction((ms) => {
        const field = document.querySelector('#node-config-input-connectDelay');
        return field?.getAttribute('placeholder') === String(ms);
      }, connection.connectDelayMs);
      assert.equal(await shown('timeout'), String(connection.timeoutMs ?? 1000));
      const isSilenceShown = () => page.isVisible('#ems-row-silence');
      assert.equal(await isSilenceShown(), false);
      await page.selectOption('#node-config-input-transport', 'rtu_tcp');
      assert.deepEqual([await isSilenceShown(), await shown('silence')], [true, '100']);
      await page.selectOption('#node-config-input-transport', 'rtu');
      assert.deepEqual([await isSilenceShown(), await shown('silence')], [true, '50']);
      await closeForm(page);
      await page.reload();
      await page.waitForSelector('.red-ui-flow-node');
    });

    it('shows live values with their registers', async () => {
      await openForm(page, 'ems-modbus');
      await page.waitForSelector('#ems-live-table td');
      const row = await page.innerText('#ems-live-table tr:has-text("power")');
      assert.match(row, /power.*W\s+good\s+\d+ s\s+\d+: [0-9a-f]{4}/s);
      await closeForm(page);
    });

    it('reads an unknown device into a file', async () => {
      await openForm(page, 'ems-modbus');
      await page.selectOption('#ems-dump-table', 'input');
      const downloading = page.waitForEvent('download');
      await page.click('#ems-dump-run');
      const file = await (await downloading).path();
      const dump = JSON.parse(readFileSync(file, 'utf8'));
      assert.equal(dump.table, 'input');
      assert.ok(Object.keys(dump.words).length > 40);
      assert.match(dump.words['0'], /^[0-9a-f]{4}$/);
      await closeForm(page);
    });

    it('says what is wrong with a value', async () => {
      const meter = await page.evaluate(() => {
        const meters: string[] = [];
        (window as unknown as Editor).RED.nodes.eachNode(({ id, type }) => {
          if (type === 'ems-modbus') meters.push(id);
        });
        return meters[0] ?? '';
      });
      assert.match(
        String(await judge(page, meter, 'interval', 'often')),
        /Interval must be a number from 0.1 to 86400/,
      );
      assert.match(String(await judge(page, meter, 'device', 'a/b')), /Device id: 1 to 64 letters/);
    });

    it('tells every mistake of a profile that is typed in, and that none is left', async () => {
      await openForm(page, 'ems-modbus');
      const type = (profile: object): Promise<void> =>
        page.evaluate(
          (given) => (window as unknown as Editor).monaco.editor.getModels().at(-1)?.setValue(given),
          JSON.stringify(profile),
        );
      const told = (words: string): Promise<unknown> =>
        page.waitForSelector(`#ems-inline-mistakes div:has-text("${words}")`);
      const power = { name: 'power', quantity: 'meter/power', addr: 0, type: 'int16', unit: 'W' };
      const profile = { schema: 'profile/1', id: 'acme-m1', title: 'Acme M1', class: 'meter', points: [power] };
      await type({
        ...profile,
        points: [
          { ...power, unit: 'A' },
          { ...power, name: 'volts', quantity: 'meter/volts' },
        ],
      });
      await told('points[0] (power): A cannot be converted to W of meter/power');
      await told('points[1] (volts): meter has no quantity');
      await type(profile);
      await told('No mistake found.');
      await type({ ...profile, connection: { transports: ['rtu'], serial: '9600 8N1', maxConnections: 1 } });
      await page.waitForSelector(
        '#ems-profile-told:has-text("Usual connection: RTU, 9600 8N1. Connections at a time: 1.")',
      );
      await closeForm(page);
    });

    it('nothing complains in the console', () => assert.deepEqual(complaints, []));
  });

  it('the dashboard shows the house, live', async () => {
    const { page, complaints } = await openPage(browser, { locale: 'en-US' });
    await page.goto(`${url}dashboard`);
    const value = page.locator('.ems-value').first();
    await page.waitForFunction(() => /\d/.test(document.querySelector('.ems-value')?.textContent ?? ''));
    // Three devices on Modbus and the two wallboxes that were approved.
    await page.waitForFunction(() => document.querySelectorAll('.ems-devices tbody tr').length === 5);
    await page.locator('.ems-flow').getByText('Cars').waitFor();
    const first = await value.textContent();
    await page.waitForFunction((before) => document.querySelector('.ems-value')?.textContent !== before, first);
    await page.waitForFunction(() =>
      [...document.querySelectorAll('.ems-devices tbody tr')].every((row) => row.textContent?.includes('online')),
    );
    if (process.env.EMS_PICTURES) {
      // The chart of the day begins to be one.
      await page.setViewportSize({ width: 1500, height: 1140 });
      await page.waitForTimeout(60_000);
    }
    await picture(page, 'dashboard');
    assert.deepEqual(complaints, []);
    await page.context().close();
  });
});
