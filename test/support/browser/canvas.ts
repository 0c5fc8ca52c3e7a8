/** The canvas of Node-RED in the hands of a user: nodes dragged from the palette, wired, opened, saved and deployed. */
import type { Locator, Page } from 'playwright-core';
import { until } from '../until.ts';
import { dialog } from './editor.ts';

/** Steps that the user has taken: drags, clicks, and texts that were typed. */
export interface Steps {
  drags: number;
  clicks: number;
  typed: number;
}

/** A canvas, and the count of what it took. */
export class Canvas {
  readonly steps: Steps = { drags: 0, clicks: 0, typed: 0 };
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async #drag(from: Locator, to: { x: number; y: number }): Promise<void> {
    const box = await from.boundingBox();
    if (!box) throw new Error('there is nothing to drag');
    const { mouse } = this.#page;
    await mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    await mouse.down();
    await mouse.move(to.x - 20, to.y - 10, { steps: 5 });
    await mouse.move(to.x, to.y, { steps: 5 });
    await mouse.up();
    this.steps.drags++;
  }

  /** Drags a node from the palette. @param place from the corner of the canvas */
  async drop(type: string, place: { x: number; y: number }): Promise<void> {
    const corner = await this.#page.locator('#red-ui-workspace-chart').boundingBox();
    const entry = this.#page.locator(`.red-ui-palette-node[data-palette-type="${type}"]`);
    await entry.scrollIntoViewIfNeeded();
    const count = await this.#page.locator('.red-ui-flow-node').count();
    await until(async () => {
      await this.#drag(entry, { x: (corner?.x ?? 0) + place.x, y: (corner?.y ?? 0) + place.y });
      return (await this.#page.locator('.red-ui-flow-node').count()) > count;
    }, `${type} is on the canvas`);
  }

  /** The node of a type on the canvas. */
  async node(type: string): Promise<Locator> {
    const id = await this.#page.evaluate((wanted) => {
      let found = '';
      (
        window as unknown as { RED: { nodes: { eachNode(look: (node: { id: string; type: string }) => void): void } } }
      ).RED.nodes.eachNode((node) => {
        if (node.type === wanted) found = node.id;
      });
      return found;
    }, type);
    return this.#page.locator(`[id="${id}"]`);
  }

  /** Wires the first output of a node to the input of another one. */
  async wire(from: string, to: string): Promise<void> {
    const input = (await this.node(to)).locator('.red-ui-flow-port-input');
    const box = await input.boundingBox();
    await this.#drag((await this.node(from)).locator('.red-ui-flow-port-output').first(), {
      x: (box?.x ?? 0) + (box?.width ?? 0) / 2,
      y: (box?.y ?? 0) + (box?.height ?? 0) / 2,
    });
  }

  async open(type: string): Promise<void> {
    const node = (await this.node(type)).locator('.red-ui-flow-node').first();
    await until(async () => {
      await node.dblclick({ force: true });
      return this.#page.waitForSelector(dialog, { timeout: 5000 }).then(
        () => true,
        () => false,
      );
    }, `the form of ${type}`);
    this.steps.clicks++;
    await this.settled();
  }

  /** Dialogs come in from the side. */
  settled(): Promise<unknown> {
    return this.#page.waitForFunction(() => {
      const edge = (selector: string): DOMRect | undefined => document.querySelector(selector)?.getBoundingClientRect();
      const trays = [...document.querySelectorAll('.red-ui-tray')];
      const right = trays.at(-1)?.getBoundingClientRect().right ?? 0;
      return right <= (edge('#red-ui-editor-stack')?.left ?? 0) + 1;
    });
  }

  async click(selector: string): Promise<void> {
    await this.#page.click(selector);
    this.steps.clicks++;
  }

  async type(selector: string, text: string): Promise<void> {
    await this.#page.fill(selector, text);
    this.steps.typed++;
  }

  async done(): Promise<void> {
    await this.click('#node-dialog-ok');
    await this.#page.waitForSelector(dialog, { state: 'detached' });
  }

  /** Closes the form of a configuration node, which lies on that of a node. */
  async configDone(): Promise<void> {
    await this.click('#node-config-dialog-ok');
    await this.#page.waitForSelector('#node-config-dialog-ok', { state: 'detached' });
    await this.settled();
  }

  async deploy(): Promise<void> {
    await this.click('#red-ui-header-button-deploy');
    await this.#page.waitForSelector('#red-ui-header-button-deploy.disabled');
  }
}
