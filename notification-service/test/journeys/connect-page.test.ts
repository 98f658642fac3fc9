import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChannelDoc } from '../../src/channels/index.ts';
import { channelIdOf } from '../../src/platform/ids.ts';
import { startTestApp, writeMessages, type TestApp } from '../test-app.ts';
import { bearer } from '../test-http.ts';

let app: TestApp;
let browser: Browser;
let page: Page;
let complaints: string[];

beforeAll(async () => {
  app = await startTestApp({ environment: { CONNECT_QR_SECONDS: '5' } });
  await writeMessages(app);
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser.close();
  await app.close();
});

/** On a phone's screen, with the link that the platform gives. */
async function openAs(userId: string): Promise<void> {
  complaints = [];
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('pageerror', error => complaints.push(error.message));
  page.on('console', line => {
    if (line.type() === 'error' && line.text().includes('Content Security Policy'))
      complaints.push(line.text());
  });
  await page.goto(`${app.url}/connect#token=${bearer(userId).slice('Bearer '.length)}`);
}

const channel = (userId: string) =>
  app.stores.db.collection<ChannelDoc>('channels').findOne({ _id: channelIdOf(userId) });
const links = () => app.control('/links') as Promise<{ device: string; qr: string }[]>;

test('a member reads the seven texts, agrees, scans, and the page moves on by itself', async () => {
  await openAs('m1');
  await page.getByText('jour 7').waitFor();
  expect(page.url()).not.toContain('token');
  expect(await page.getByRole('button', { name: 'Connect' }).isDisabled()).toBe(true);
  await page.getByLabel('I agree').check();
  await page.getByRole('button', { name: 'Connect' }).click();
  await page.getByText('Code 1 of 5').waitFor();
  const shown = await page.locator('#qr').getAttribute('src');
  expect(shown).toMatch(/^data:image\/png;base64,/);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);

  await page.reload();
  await page.getByText('Code 1 of 5').waitFor();
  expect(await links()).toHaveLength(1);

  const [link] = await links();
  await app.control(`/links/${link!.device}/scan`, { phone: '33600000001' });
  await page.getByText('WhatsApp is connected (+33600000001)').waitFor();
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await page.getByRole('button', { name: 'Connect', exact: true }).waitFor();
  expect(complaints).toEqual([]);
});

test('a code for the phone that shows the page, the next attempt by itself, and the cooldown counts down', async () => {
  await openAs('m2');
  await page.getByLabel('I agree').check();
  await page.getByRole('button', { name: 'Connect' }).click();
  await page.getByText('My browser is on the same phone').click();
  await page.getByLabel('Your number').fill('+33 6 12 34 56 78');
  await page.getByRole('button', { name: 'Get a code' }).click();
  await page.getByText(/^[0-9A-Z]{4} [0-9A-Z]{4}$/).waitFor();

  const attempts = { 'attempts.count': 4, 'attempts.endsAt': new Date(0) };
  await app.stores.db
    .collection<ChannelDoc>('channels')
    .updateOne({ _id: channelIdOf('m2') }, { $set: attempts });
  await page.getByText('Code 5 of 5').waitFor();
  await app.stores.db
    .collection<ChannelDoc>('channels')
    .updateOne({ _id: channelIdOf('m2') }, { $set: { 'attempts.endsAt': new Date(0) } });
  await page.reload();
  await page.getByText('Next try in').waitFor();
  await page.getByText(/^(02:00:00|01:59:\d\d)$/).waitFor();
  expect((await channel('m2'))?.attempts.helpSentForCooldown).toBe(true);
  expect(complaints).toEqual([]);
}, 60_000);
