import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';
import type { TestApp } from './test-app.ts';
import { bearer } from './test-http.ts';

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });

const complaints = new WeakMap<Page, string[]>();
/** What the browser complained about: mistakes of scripts, and whatever the content policy refused. */
export const complaintsOf = (page: Page): string[] => complaints.get(page) ?? [];

export interface OpenOptions {
  userId: string;
  role?: string;
  width?: number;
  height?: number;
  locale?: string;
  timeZone?: string;
  dark?: boolean;
}

/** On a phone's screen by default, with the link that the platform gives. */
export async function openPage(
  browser: Browser,
  app: Pick<TestApp, 'url'>,
  path: string,
  options: OpenOptions,
): Promise<Page> {
  const { userId, role = 'user', width = 390, height = 844, locale = 'en-GB', timeZone, dark } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    locale,
    colorScheme: dark === true ? 'dark' : 'light',
    ...(timeZone === undefined ? {} : { timezoneId: timeZone }),
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const heard: string[] = [];
  complaints.set(page, heard);
  page.on('pageerror', error => heard.push(error.message));
  page.on('console', line => {
    if (line.type() === 'error' && line.text().includes('Content Security Policy')) heard.push(line.text());
  });
  await page.goto(`${app.url}${path}#token=${bearer(userId, role).slice('Bearer '.length)}`);
  return page;
}

/** With `PICTURES=<folder>`, what the page looks like now, on a phone and on a desk; otherwise nothing. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['PICTURES'];
  if (folder === undefined) return;
  const before = page.viewportSize() ?? { width: 390, height: 844 };
  for (const [width, height] of [
    [390, 844],
    [1280, 800],
  ] as const) {
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: `${folder}/${name}-${width}.png`, fullPage: true });
  }
  await page.setViewportSize(before);
}
