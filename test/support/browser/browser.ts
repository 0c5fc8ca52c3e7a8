/** A headless Chromium of the system, and pages that write down every complaint. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const places = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

export const openBrowser = async (): Promise<Browser> => {
  const executablePath = places.find((place) => place && existsSync(place));
  if (!executablePath)
    throw new Error('the editor tests need Chromium: install it (apt-get install chromium), or name it in CHROMIUM');
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
};

export interface Watched {
  page: Page;
  /** Errors and warnings of the console, uncaught errors, requests to elsewhere, in order. */
  complaints: string[];
}

export const openPage = async (
  browser: Browser,
  { locale, scheme = 'light' }: { locale: string; scheme?: 'light' | 'dark' },
): Promise<Watched> => {
  const context = await browser.newContext({
    locale,
    colorScheme: scheme,
    viewport: { width: 1500, height: 950 },
    acceptDownloads: true,
  });
  const page = await context.newPage();
  // A guard against a hang: a busy machine takes longer than the usual half a minute.
  page.setDefaultTimeout(90_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.stack ?? String(error)));
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') complaints.push(`a request to ${request.url()}`);
  });
  return { page, complaints };
};
