import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../support/browser/browser.ts';
import { closeForm, dialog, type Editor, type EditorNode, openEditor, openForm } from '../support/browser/editor.ts';
import type { NodeRed } from '../support/node-red/node-red.ts';
import { startShipped } from '../support/node-red/shipped-flows.ts';

const names = readdirSync(new URL('../../flows/', import.meta.url)).map((name) => name.replace(/\.json$/, ''));

/** What a form shows depends on the type of its node, and on the profile of its device. */
describe('every kind of form in the shipped flows', () => {
  let red: NodeRed;
  let browser: Browser;

  before(async () => {
    ({ red } = await startShipped(names));
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await red?.remove();
  });

  for (const locale of ['en-US', 'de'])
    describe(locale, () => {
      let page: Page;
      let complaints: string[];
      before(async () => {
        ({ page, complaints } = await openEditor(browser, `http://127.0.0.1:${red.port}/`, locale, 'light'));
      });
      after(() => page.context().close());

      const nodeCalled = (wanted: string): Promise<string> =>
        page.evaluate((called) => {
          let found = '';
          (window as unknown as Editor).RED.nodes.eachNode(({ id, name }) => {
            if (name === called) found = id;
          });
          return found;
        }, wanted);
      const save = async (): Promise<void> => {
        await page.click('#node-dialog-ok');
        await page.waitForSelector(dialog, { state: 'detached' });
      };

      it('opens, and no label runs into its field', async () => {
        const kinds = await page.evaluate(() => {
          const found: Record<string, [type: string, id: string]> = {};
          const look = ({ type, id, profile = '' }: EditorNode): void => {
            if (type.startsWith('ems-')) found[`${type} ${profile}`] = [type, id];
          };
          const { nodes } = (window as unknown as Editor).RED;
          nodes.eachNode(look);
          nodes.eachConfig(look);
          return Object.values(found);
        });
        const cut = new Set<string>();
        for (const [type, id] of kinds) {
          await openForm(page, type, id);
          const long = await page
            .locator(`${dialog} .ems-form .form-row > label:visible`)
            .evaluateAll((all) =>
              all.filter((each) => each.scrollWidth > each.clientWidth).map((each) => each.textContent?.trim()),
            );
          for (const label of long) cut.add(`${type}: ${label}`);
          await closeForm(page);
        }
        assert.deepEqual([...cut], []);
      });

      it('takes the numbers that the commands of a profile need', async () => {
        const storage = await nodeCalled('storage');
        await openForm(page, 'ems-modbus', storage);
        await page.getByLabel('Largest charging power').fill('2500');
        await save();
        await openForm(page, 'ems-modbus', storage);
        assert.equal(await page.getByLabel('Largest charging power').inputValue(), '2500');
        await closeForm(page);
      });

      it('takes the numbers of a command', async () => {
        const command = await nodeCalled('person at the dashboard');
        await openForm(page, 'ems-command', command);
        await page.selectOption('#ems-choose-command', 'charge');
        await page.getByLabel('power_w').fill('1500');
        await save();
        await openForm(page, 'ems-command', command);
        assert.equal(await page.getByLabel('power_w').inputValue(), '1500');
        await closeForm(page);
      });

      it('shows an address of this machine that is listened on as one of the list', async () => {
        const [own] = Object.values(networkInterfaces())
          .flatMap((all = []) => all)
          .filter(({ internal, family }) => !internal && family === 'IPv4');
        const address = own?.address ?? '0.0.0.0';
        const before = await page.evaluate((host) => {
          let found: string | undefined;
          (window as unknown as Editor).RED.nodes.eachNode((node) => {
            if (node.type !== 'ems-local-broker') return;
            found ??= node.host;
            node.host = host;
          });
          return found;
        }, address);
        assert.equal(before, '127.0.0.1');
        await openForm(page, 'ems-local-broker');
        await page.waitForFunction(
          (wanted) => document.querySelector<HTMLSelectElement>('#ems-choose-host')?.value === wanted,
          address,
        );
        assert.equal(await page.isVisible('#node-input-host'), false);
        await closeForm(page);
      });

      it('nothing complains in the console', () => assert.deepEqual(complaints, []));
    });
});
