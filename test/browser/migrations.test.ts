import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { currentVersion } from '../../src/migrations/migrate.ts';
import { openBrowser, openPage } from '../support/browser/browser.ts';
import { closeForm, type EditorNode, openEditor, openForm } from '../support/browser/editor.ts';
import { type FlowNode, type NodeRed, startNodeRed } from '../support/node-red/node-red.ts';
import { movedToFreePorts } from '../support/node-red/shipped-flows.ts';
import { until } from '../support/until.ts';

interface Editor {
  RED: {
    nodes: {
      eachNode(look: (node: EditorNode) => void): void;
      eachConfig(look: (node: EditorNode) => void): void;
      dirty(): boolean;
    };
  };
}

const exported: FlowNode[] = JSON.parse(
  readFileSync(new URL('../migrations/exported-0.1.0.json', import.meta.url), 'utf8'),
);

/** Fields of every node of this package, as the editor holds them. */
const heldNodes = (page: Page): Promise<{ type: string; isValid: boolean; fields: Record<string, unknown> }[]> =>
  page.evaluate(() => {
    const held: { type: string; isValid: boolean; fields: Record<string, unknown> }[] = [];
    const look = (node: EditorNode): void => {
      if (!node.type.startsWith('ems-')) return;
      const values: Record<string, unknown> = { ...node };
      const fields = Object.keys(node._def.defaults).map((name) => [name, values[name] ?? null]);
      held.push({ type: node.type, isValid: node.valid !== false, fields: Object.fromEntries(fields) });
    };
    const { RED } = window as unknown as Editor;
    RED.nodes.eachNode(look);
    RED.nodes.eachConfig(look);
    return held;
  });

const isDirty = (page: Page): Promise<boolean> => page.evaluate(() => (window as unknown as Editor).RED.nodes.dirty());

const own = exported.filter(({ type }) => type.startsWith('ems-'));

/** Every node holds every field of today, and is right. */
const assertMigrated = async (page: Page): Promise<void> => {
  const held = await heldNodes(page);
  assert.deepEqual(held.map(({ type }) => type).sort(), own.map(({ type }) => type).sort());
  for (const { type, isValid, fields } of held) {
    assert.ok(isValid, type);
    assert.equal(fields.configVersion, currentVersion, type);
    for (const [name, value] of Object.entries(fields)) assert.notEqual(value, null, `${type}.${name}`);
  }
  assert.equal(held.find(({ type }) => type === 'ems-ocpp')?.fields.tags, '04A2B3C4; 2027-12-31');
};

describe('a flow that 0.1.0 exported, in the editor', () => {
  let browser: Browser;
  let red: NodeRed;

  before(async () => {
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
  });
  afterEach(() => red.remove());

  it('is imported from the clipboard, whole and valid, and runs', async () => {
    const { nodes } = await movedToFreePorts(exported);
    red = await startNodeRed([]);
    const { page, complaints } = await openPage(browser, { locale: 'en-US' });
    await page.goto(`http://127.0.0.1:${red.port}/`);
    await page.waitForSelector('#red-ui-palette-container [data-palette-type="ems-modbus"]');
    await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden' });
    await page.click('#red-ui-header-button-sidemenu');
    await page.click('#menu-item-import');
    await page.fill('#red-ui-clipboard-dialog-import-text', JSON.stringify(nodes));
    // The dialog looks at the text after a key.
    await page.press('#red-ui-clipboard-dialog-import-text', 'End');
    await page.click('#red-ui-clipboard-dialog-ok');
    await page.waitForFunction(() => {
      let count = 0;
      (window as unknown as Editor).RED.nodes.eachNode(() => void count++);
      return count > 5;
    });
    await assertMigrated(page);
    await page.click('#red-ui-header-button-deploy');
    await until(() => red.log().split('Started flows').length > 2, 'the deploy', 30_000);
    const deployed = (await red.flows()).filter(({ type }) => type.startsWith('ems-'));
    assert.equal(deployed.length, own.length);
    for (const { type, configVersion } of deployed) assert.equal(configVersion, currentVersion, type);
    assert.deepEqual(
      red
        .log()
        .split('\n')
        .filter((line) => /\[error\]/.test(line)),
      [],
    );
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  it('is shown as this version takes it where it is deployed already, also in a locked flow, and nothing has to be deployed', async () => {
    const { nodes } = await movedToFreePorts(exported);
    red = await startNodeRed(
      nodes.map((node) => (node.label === '06 First wallbox' ? { ...node, locked: true } : node)),
    );
    const url = `http://127.0.0.1:${red.port}/`;
    const { page, complaints } = await openEditor(browser, url, 'de', 'light');
    await assertMigrated(page);
    assert.equal(await isDirty(page), false);
    await openForm(page, 'ems-local-broker');
    assert.equal(await page.inputValue('#node-input-queuedSize'), '16');
    await closeForm(page);
    assert.equal(await isDirty(page), false);
    assert.deepEqual(complaints, []);
    await page.context().close();
  });
});
