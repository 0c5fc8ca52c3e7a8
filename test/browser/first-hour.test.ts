import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { openBrowser } from '../support/browser/browser.ts';
import { dialog, openEditor } from '../support/browser/editor.ts';
import { type ForkedProcess, startForkedProcess } from '../support/forked-process.ts';
import { freePorts } from '../support/free-ports.ts';
import { root } from '../support/house-rules.ts';
import { type Observer, observe } from '../support/mqtt/observer.ts';
import { startBroker, type TestBroker } from '../support/mqtt/test-broker.ts';
import { retainedOn } from '../support/node-red/departures.ts';
import type { NodeRed } from '../support/node-red/node-red.ts';
import { startShipped } from '../support/node-red/shipped-flows.ts';
import { until } from '../support/until.ts';

/** The README tells a newcomer to do exactly this. */
const steps = [
  'Open the flow "01 First meter". `npm start` has it as the last tab; in a Node-RED of your own import it once (menu, Import, Examples, @emsflow/node-red-ems): a second copy would want the same ports.',
  'Open the node *grid meter*. Choose the profile of your device and, in its connection, host and port. **Test connection** says whether it answers.',
  'Give it a device id; it becomes the topic `devices/<id>/...`. Where other nodes refer to the id it had, the form lists them, and changes them as well. Choose the role *grid connection* where the meter sits at the grid.',
  'Deploy. The node shows `live, 37 points, 0.0 s`; *Live values* in its form shows each value beside its registers.',
  'For a broker of your own, change one address in the broker that the node *publish* names, and enter user and password there. Nothing else changes. Enter real passwords in a Node-RED of your own: the one of `npm start` keeps them unencrypted.',
] as const;

const stepsOfReadme = (): string[] => {
  const [, chapter = ''] = readFileSync(join(root, 'README.md'), 'utf8').split(
    '## Your first real device, in five steps',
  );
  const [list = ''] = chapter.split('\n## ');
  return [...list.matchAll(/^\d\. (.*(?:\n {3}.*)*)/gm)].map(([, text = '']) => text.replace(/\s+/g, ' ').trim());
};

describe('the first hour, by the README', () => {
  let browser: Browser;
  let page: Page;
  let complaints: string[];
  let red: NodeRed;
  let shipped: Observer;
  let house: ForkedProcess;
  let own: TestBroker;

  before(async () => {
    house = await startForkedProcess(
      new URL('../support/processes/house.ts', import.meta.url),
      (await freePorts(3)).map(String),
    );
    own = await startBroker({ username: 'integrator', password: 'secret words' });
    const started = await startShipped(['01 First meter']);
    red = started.red;
    shipped = observe(started.portOf(1884));
    browser = await openBrowser();
    ({ page, complaints } = await openEditor(browser, `http://127.0.0.1:${red.port}/`, 'en-US', 'light'));
  });
  after(async () => {
    await browser?.close();
    await shipped?.close();
    await red?.remove();
    await own?.close();
    await house?.close();
  });

  const node = (label: string) => page.locator('.red-ui-flow-node-group', { hasText: label }).first();
  /** A click on a node selects it, and the dialog comes in from the side. */
  const open = async (label: string): Promise<void> => {
    // Two clicks that a busy machine tells the editor too far apart only select the node.
    await until(async () => {
      await node(label).locator('.red-ui-flow-node').first().dblclick({ force: true });
      return page.waitForSelector(dialog, { timeout: 5000 }).then(
        () => true,
        () => false,
      );
    }, `the form of ${label}`);
    await settled();
  };
  const settled = (): Promise<unknown> =>
    page.waitForFunction(() => {
      const edge = (selector: string): DOMRect | undefined => document.querySelector(selector)?.getBoundingClientRect();
      return (edge('.red-ui-tray')?.right ?? 0) <= (edge('#red-ui-editor-stack')?.left ?? 0) + 1;
    });
  const done = async (): Promise<void> => {
    await page.click('#node-dialog-ok');
    await page.waitForSelector(dialog, { state: 'detached' });
  };
  const deploy = async (): Promise<void> => {
    await page.click('#red-ui-header-button-deploy');
    await page.waitForSelector('#red-ui-header-button-deploy.disabled');
  };
  const says = (label: string, words: RegExp): Promise<unknown> =>
    until(
      async () => words.test((await node(label).locator('.red-ui-flow-node-status-label').textContent()) ?? ''),
      `${label} says ${words}`,
      60_000,
    );
  const isSummedUp = (observer: Observer, since: number): boolean => {
    const { quality, grid_w, ts } = observer.last('sites/first/power') ?? {};
    return quality === 'good' && typeof grid_w === 'number' && Date.parse(String(ts)) > since;
  };

  it('the README has these steps', () => assert.deepEqual(stepsOfReadme(), steps));

  it(steps[0], async () => {
    await page.click('#red-ui-workspace-tabs .red-ui-tab-label:has-text("01 First meter")');
    await says('grid meter', /^live/);
    await until(() => isSummedUp(shipped, 0), 'the site of the simulated meter');
  });

  it(steps[1], async () => {
    await open('grid meter');
    await page.selectOption('#node-input-profile', { label: 'Eastron SDM630' });
    await page.click('#node-input-btn-client-edit');
    await page.waitForSelector('#node-config-input-host');
    await settled();
    await page.fill('#node-config-input-host', '127.0.0.1');
    await page.fill('#node-config-input-port', String(house.port));
    await page.click('#ems-test');
    await page.waitForSelector('#ems-test-result.ems-good:has-text("answers in")');
    await page.click('#node-config-dialog-ok');
    await page.waitForSelector('#node-config-input-host', { state: 'detached' });
  });

  it(steps[2], async () => {
    await page.fill('#node-input-device', 'main-meter');
    await page.selectOption('#node-input-role', { label: 'grid connection' });
    await done();
  });

  it(steps[3], async () => {
    const since = Date.now();
    await deploy();
    await says('grid meter', /^live, 37 points, \d\.\d s$/);
    await until(() => isSummedUp(shipped, since), 'the site with the meter under its new id');
    for (const label of ['grid power, W', 'site grid power, W']) await says(label, /^-?\d+(\.\d+)?$/);
    assert.deepEqual(
      [...(await retainedOn(Number(shipped.port))).keys()].filter((topic) => topic.startsWith('devices/first-meter/')),
      [],
    );
    await open('grid meter');
    await page.click('#ems-live > summary');
    await page.waitForSelector('#ems-live-table td');
    const table = await page.innerText('#ems-live-table');
    assert.match(table, /^meter\/power\s+-?[\d.]+ W\s+good\s+\d+ s\s+\d+: [0-9a-f]{4}/m);
    await done();
  });

  it(steps[4], async () => {
    const since = Date.now();
    await open('publish');
    await page.click('#node-input-btn-broker-edit');
    await page.waitForSelector('#node-config-input-user');
    await settled();
    await page.fill('.ems-server >> nth=0', `mqtt://127.0.0.1:${own.port}`);
    await page.fill('#node-config-input-user', 'integrator');
    await page.fill('#node-config-input-password', 'secret words');
    await page.click('#node-config-dialog-ok');
    await page.waitForSelector('#node-config-input-user', { state: 'detached' });
    await done();
    await deploy();
    const observer = observe(own.port, { username: 'integrator', password: 'secret words' });
    await until(() => isSummedUp(observer, since), 'the site on the broker of ones own');
    assert.equal(observer.last('devices/main-meter/availability')?.state, 'online');
    for (const label of ['grid power, W', 'site grid power, W']) await says(label, /^-?\d+(\.\d+)?$/);
    await observer.close();
  });

  it('nothing complains, in the console or in the log', () => {
    assert.deepEqual(complaints, []);
    assert.deepEqual(red.log().match(/^.*\[error\].*$/gm), null);
  });
});
