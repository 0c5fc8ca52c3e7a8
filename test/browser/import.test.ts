import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, openPage, type Watched } from '../support/browser/browser.ts';
import { root } from '../support/house-rules.ts';
import { type FlowNode, type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';
import { bareSettings, freshSettings, type Installation, installPacked } from '../support/node-red/packed.ts';

interface Editor {
  RED: {
    nodes: {
      eachNode(look: (node: { type: string; valid?: boolean }) => void): void;
      eachConfig(look: (node: { type: string; valid?: boolean }) => void): void;
    };
  };
}

const examples = '#red-ui-clipboard-dialog-import-tab-examples';
const names = readdirSync(join(root, 'flows')).map((file) => file.replace(/\.json$/, ''));

/** Types of the nodes that a flow brings, with how many of each; what every editor has of its own is left out. */
const countTypes = (types: string[]): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const type of types.filter((each) => each.startsWith('ems-')).sort()) counts[type] = (counts[type] ?? 0) + 1;
  return counts;
};

const readShipped = (name: string): FlowNode[] => JSON.parse(readFileSync(join(root, 'flows', `${name}.json`), 'utf8'));

const openWorkspace = async (browser: Browser, port: number): Promise<Watched> => {
  const watched = await openPage(browser, { locale: 'en-US' });
  await watched.page.goto(`http://127.0.0.1:${port}/`);
  await watched.page.waitForSelector('#red-ui-palette-container [data-palette-type="ems-modbus"]');
  return watched;
};

/** Takes an example of the package from the menu, as a user does. */
const importExample = async (page: Page, name: string): Promise<void> => {
  await page.click('#red-ui-header-button-sidemenu');
  await page.click('#menu-item-import');
  await page.click(`a[href="${examples}"]`);
  await page.click(`${examples} .red-ui-treeList-label:has-text("@emsflow/node-red-ems")`);
  await page.click(`${examples} .red-ui-treeList-label:has-text("${name}")`);
  await page.click('#red-ui-clipboard-dialog-ok');
  await page.click(`#red-ui-workspace-tabs .red-ui-tab-label:has-text("${name}")`);
  await page.waitForFunction(() => document.querySelectorAll('.red-ui-flow-node').length > 5);
};

describe('the Import dialog, where the package was installed as it is packed', () => {
  let installation: Installation;
  let red: NodeRed;
  let browser: Browser;

  before(async () => {
    installation = installPacked();
    red = await startNodeRed([], { EMS_USER_DIR: installation.userDir }, freshSettings);
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await red?.remove();
    installation?.remove();
  });

  for (const name of names)
    it(`offers "${name}", and puts it on the workspace, whole`, async () => {
      const { page, complaints } = await openWorkspace(browser, red.port);
      await importExample(page, name);
      const wanted = countTypes(readShipped(name).map(({ type }) => type));
      const found = await page.evaluate(() => {
        const nodes: { type: string; isValid: boolean }[] = [];
        const look = ({ type, valid }: { type: string; valid?: boolean }): void =>
          void nodes.push({ type, isValid: valid !== false });
        const { RED } = window as unknown as Editor;
        RED.nodes.eachNode(look);
        RED.nodes.eachConfig(look);
        return nodes;
      });
      assert.deepEqual(countTypes(found.map(({ type }) => type)), wanted);
      assert.deepEqual(
        found.filter(({ type, isValid }) => type.startsWith('ems-') && !isValid),
        [],
      );
      assert.deepEqual(complaints, []);
      await page.context().close();
    });
});

describe('the Import dialog, where the dashboard is not installed', () => {
  const dashboard = '@flowfuse/node-red-dashboard';
  let installation: Installation;
  let red: NodeRed;
  let browser: Browser;

  before(async () => {
    installation = installPacked();
    red = await startNodeRed([], { EMS_USER_DIR: installation.userDir }, bareSettings);
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await red?.remove();
    installation?.remove();
  });

  for (const name of names) {
    const needsDashboard = readShipped(name).some(({ type }) => type.startsWith('ui-'));
    it(`"${name}" ${needsDashboard ? 'says that it needs it, and offers to install it' : 'needs nothing more'}`, async () => {
      const { page } = await openWorkspace(browser, red.port);
      await importExample(page, name);
      const notice = page.locator('.red-ui-notification', { hasText: 'Required modules missing' });
      if (needsDashboard) {
        await notice.getByRole('button', { name: 'Install all' }).waitFor();
        assert.deepEqual(await notice.locator('li').allInnerTexts(), [dashboard]);
      } else assert.equal(await page.locator('.red-ui-notification-error').count(), 0);
      const unknown = await page.evaluate(() => {
        let count = 0;
        const look = ({ type }: { type: string }): void => void (type === 'unknown' && count++);
        const { RED } = window as unknown as Editor;
        RED.nodes.eachNode(look);
        RED.nodes.eachConfig(look);
        return count;
      });
      assert.equal(unknown > 0, needsDashboard, `${unknown} unknown nodes`);
      await page.context().close();
    });
  }
});
