/** Shipped flows with their dashboard in a browser, and all that is said on their broker. */
import type { Browser, Page } from 'playwright-core';
import { listen, type Observer } from '../mqtt/observer.ts';
import type { NodeRed } from '../node-red/node-red.ts';
import { startShipped } from '../node-red/shipped-flows.ts';
import { openBrowser, openPage } from './browser.ts';

export interface Dashboard {
  red: NodeRed;
  browser: Browser;
  page: Page;
  listener: Observer;
  /** Lines of the console of the browser. */
  complaints: string[];
  open(path: string): Promise<unknown>;
  /** The last payload of a topic; undefined where there is none, or a retained one was cleared. */
  last(topic: string): Record<string, unknown> | undefined;
  /** Errors in the log of Node-RED. */
  errors(): string[];
  close(): Promise<void>;
}

/** @param names of the files in flows/ */
export const openDashboard = async (names: string[]): Promise<Dashboard> => {
  const { red, portOf } = await startShipped(names);
  let listener: Observer | undefined;
  let browser: Browser | undefined;
  const close = async (): Promise<void> => {
    await browser?.close();
    await listener?.close();
    await red.remove();
  };
  try {
    const heard = await listen(portOf(1883));
    listener = heard;
    const opened = await openBrowser();
    browser = opened;
    const { page, complaints } = await openPage(opened, { locale: 'en-US' });
    return {
      red,
      browser: opened,
      page,
      listener: heard,
      complaints,
      open: (path) => page.goto(`http://127.0.0.1:${red.port}/dashboard/${path}`),
      last: heard.last,
      errors: () => red.log().match(/^.*\[error\].*$/gm) ?? [],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
