import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../support/browser/browser.ts';
import { closeForm, dialog, openEditor, openForm } from '../support/browser/editor.ts';
import { type FlowNode, type NodeRed, readFlows, startNodeRed } from '../support/node-red/node-red.ts';

const box = '.ems-references';
const names = ['01 First meter', '06 First wallbox'];

/** Nodes of other hands, and one whose id begins like the other. */
const more: FlowNode[] = [
  {
    ...{ id: 'code', type: 'function', z: '88192ba3a8a9b210', name: 'code', x: 900, y: 700, wires: [[]], outputs: 1 },
    func: "const mine = ['devices/first-meter/meter/power', 'devices/first-meter-2/meter/power', 'sites/first/power'];",
  },
  {
    id: 'in',
    type: 'mqtt in',
    z: '88192ba3a8a9b210',
    name: 'listener',
    topic: 'ems/devices/first-meter/#',
    x: 900,
    y: 760,
    wires: [[]],
  },
  {
    ...{ id: 'below', type: 'ems-modbus', z: '88192ba3a8a9b210', name: 'heat pump meter', device: 'first-meter-2' },
    ...{ client: '8f30f6d9ec27deea', site: '8d72775c1afaa709', profile: 'eastron-sdm630', parent: 'first-meter' },
    ...{ x: 900, y: 820, wires: [[], []] },
  },
];

describe('the form in which an id is changed', () => {
  let browser: Browser;
  let red: NodeRed;

  before(async () => {
    red = await startNodeRed([
      ...readFlows(names).filter(({ type }) => !/simulator|local-broker|ocpp-server/.test(type)),
      ...more,
      ...readFlows(names)
        .filter(({ type }) => type === 'ems-ocpp-server')
        .map((node) => ({ ...node, port: '', d: true })),
    ]);
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await red?.remove();
  });

  for (const [locale, scheme] of [
    ['en-US', 'light'],
    ['de', 'dark'],
  ] as const)
    describe(`${locale}, ${scheme}`, () => {
      let page: Page;
      let complaints: string[];

      before(async () => {
        ({ page, complaints } = await openEditor(browser, `http://127.0.0.1:${red.port}/`, locale, scheme));
      });
      after(() => page.context().close());

      const save = async (button: string): Promise<void> => {
        await page.click(button);
        await page.waitForSelector(dialog, { state: 'detached' });
      };
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
      const listed = (): Promise<string[]> => page.locator(`${box} li`).allInnerTexts();

      it('lists who refers to the one before, and changes it there', async () => {
        await openForm(page, 'ems-modbus', '3863d76325ef205b');
        assert.equal(await page.isVisible(box), false);
        await page.fill('#node-input-device', 'not an id');
        assert.equal(await page.isVisible(box), false);
        await page.fill('#node-input-device', 'main-meter');
        assert.deepEqual(await listed(), [
          'code · function · 01 First meter',
          'listener · mqtt in · 01 First meter',
          'heat pump meter · ems-modbus · 01 First meter',
        ]);
        const said =
          locale === 'de'
            ? ['Diese Nodes beziehen sich auf „first-meter“:', 'Auch dort „main-meter“ eintragen']
            : ['These nodes refer to "first-meter":', 'Change them to "main-meter" as well'];
        for (const words of said) assert.ok((await page.innerText(box)).includes(words), await page.innerText(box));
        await save('#node-dialog-ok');
        assert.equal(
          await field('code', 'func'),
          "const mine = ['devices/main-meter/meter/power', 'devices/first-meter-2/meter/power', 'sites/first/power'];",
        );
        assert.equal(await field('in', 'topic'), 'ems/devices/main-meter/#');
        assert.deepEqual(
          [await field('below', 'parent'), await field('below', 'device')],
          ['main-meter', 'first-meter-2'],
        );
        await undo();
        assert.deepEqual(
          [await field('3863d76325ef205b', 'device'), await field('in', 'topic'), await field('below', 'parent')],
          ['first-meter', 'ems/devices/first-meter/#', 'first-meter'],
        );
      });

      it('leaves them as they are where that is wanted', async () => {
        await openForm(page, 'ems-modbus', '3863d76325ef205b');
        await page.fill('#node-input-device', 'main-meter');
        await page.uncheck(`${box} input`);
        await save('#node-dialog-ok');
        assert.deepEqual(
          [await field('3863d76325ef205b', 'device'), await field('in', 'topic')],
          ['main-meter', 'ems/devices/first-meter/#'],
        );
        await undo();
        await openForm(page, 'ems-modbus', '3863d76325ef205b');
        await page.fill('#node-input-device', 'main-meter');
        await closeForm(page);
        assert.equal(await field('in', 'topic'), 'ems/devices/first-meter/#');
      });

      it('does so for a charge point', async () => {
        await openForm(page, 'ems-ocpp', '9c8b64b24f2e843d');
        await page.fill('#node-input-device', 'garage');
        assert.deepEqual(await listed(), [
          'commands · ems-subscribe · 06 First wallbox',
          'five minutes · ems-command · 06 First wallbox',
          'events · ems-subscribe · 06 First wallbox',
        ]);
        await save('#node-dialog-ok');
        assert.deepEqual(
          [await field('d67de220e3d4569c', 'device'), await field('c84a26af05e221e2', 'device')],
          ['garage', 'garage'],
        );
        await undo();
      });

      it('does so for a site', async () => {
        await openForm(page, 'ems-site');
        await page.fill('#node-config-input-site', 'home');
        assert.ok((await listed()).includes('grid of the site · ems-pick · 01 First meter'), (await listed()).join());
        await save('#node-config-dialog-ok');
        assert.equal(await field('552ec77d6d240b90', 'site'), 'home');
        assert.deepEqual(await field('33d0af5420a3867a', 'choices'), [
          { topic: 'sites/home/power', field: 'grid_w', name: 'site grid' },
        ]);
        await undo();
        await undo();
        assert.deepEqual(
          [await field('8d72775c1afaa709', 'site'), await field('552ec77d6d240b90', 'site')],
          ['first', 'first'],
        );
      });

      it('nothing complains in the console', () => assert.deepEqual(complaints, []));
    });
});
