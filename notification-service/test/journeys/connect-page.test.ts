import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ChannelDoc } from '../../src/channels/index.ts';
import { channelIdOf } from '../../src/platform/ids.ts';
import { complaintsOf, launchBrowser, openPage, picture } from '../page-bed.ts';
import { startTestApp, until, writeMessages } from '../test-app.ts';
import type { TestApp } from '../test-app.ts';

let app: TestApp;
let browser: Browser;

beforeAll(async () => {
  app = await startTestApp({ environment: { CONNECT_QR_SECONDS: '5' } });
  await writeMessages(app);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await app.close();
});

const channel = (userId: string) =>
  app.stores.db.collection<ChannelDoc>('channels').findOne({ _id: channelIdOf(userId) });
const setChannel = (userId: string, $set: object) =>
  app.stores.db.collection<ChannelDoc>('channels').updateOne({ _id: channelIdOf(userId) }, { $set });
const links = () => app.control('/links') as Promise<{ device: string; qr: string }[]>;
const agreeAndConnect = async (page: Page) => {
  await page.getByLabel('I agree').check();
  await page.getByRole('button', { name: 'Connect', exact: true }).click();
  await page.getByText('Code 1 of 5').waitFor();
};

test('a member reads the seven texts, agrees, scans, and the page moves on by itself', async () => {
  const page = await openPage(browser, app, '/connect', { userId: 'm1' });
  await page.getByText(/Hello .+, day 7/).waitFor();
  expect(page.url()).not.toContain('token');
  expect(await page.getByRole('button', { name: 'Connect', exact: true }).isDisabled()).toBe(true);
  await page.getByLabel('Your name').fill('Paul');
  await picture(page, 'connect-consent');
  await agreeAndConnect(page);
  await picture(page, 'connect-qr');
  const shown = await page.getByAltText('The code to scan').getAttribute('src');
  expect(shown).toMatch(/^data:image\/png;base64,/);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);

  await page.reload();
  await page.getByText('Code 1 of 5').waitFor();
  expect(await links()).toHaveLength(1);

  const [link] = await links();
  await app.control(`/links/${link!.device}/scan`, { phone: '33600000001' });
  await page.getByText('Your number: +33600000001').waitFor();
  await picture(page, 'connect-done');
  await page.waitForURL('**/follow-ups');
  expect(complaintsOf(page)).toEqual([]);
});

test('a code for the phone that shows the page: the number is checked while it is typed', async () => {
  const page = await openPage(browser, app, '/connect', { userId: 'm2', timeZone: 'Europe/Paris' });
  await agreeAndConnect(page);
  await page.getByRole('tab', { name: 'With a code' }).click();
  const phone = page.getByLabel('Your WhatsApp number');
  await until(async () => (await phone.inputValue()) === '+33 ', 'the country is guessed');
  await phone.fill('+33 6 12 34');
  await page.getByText('This number is not complete yet.').waitFor();
  await phone.fill('06 12 34 56 78');
  await page.getByText('+33 6 12 34 56 78: this number is valid.').waitFor();
  await page.getByRole('button', { name: 'Get a code' }).click();
  await page.getByText(/^[0-9A-Z]{4} [0-9A-Z]{4}$/).waitFor();
  await picture(page, 'connect-code');
  expect(complaintsOf(page)).toEqual([]);
});

test('five attempts, then a calm pause that counts down, then a code again', async () => {
  const page = await openPage(browser, app, '/connect', { userId: 'm3' });
  await agreeAndConnect(page);
  await setChannel('m3', { 'attempts.count': 4, 'attempts.endsAt': new Date(0) });
  await page.getByText('Code 5 of 5').waitFor();
  await setChannel('m3', { 'attempts.endsAt': new Date(0) });
  await page.getByText('Next try in').waitFor();
  await page.getByText(/^(02:00:00|01:59:\d\d)$/).waitFor();
  await picture(page, 'connect-cooldown');
  expect((await channel('m3'))?.attempts.helpSentForCooldown).toBe(true);

  await page.getByText('Ask for help').first().click();
  await page.getByLabel('What happened?').fill('My phone is broken');
  await page.getByRole('button', { name: 'Ask for help' }).click();
  await page.getByText('Help is on its way').nth(1).waitFor();
  const asked = await app.stores.db.collection('help_requests').find({ memberId: 'm3' }).toArray();
  expect(JSON.stringify(asked)).toContain('My phone is broken');

  await setChannel('m3', { 'attempts.cooldownUntil': new Date(0) });
  await page.reload();
  await page.getByText('Code 1 of 5').waitFor();
  expect(complaintsOf(page)).toEqual([]);
}, 60_000);

test('an ended session says so and keeps what was typed; a lost line says so and comes back', async () => {
  const page = await openPage(browser, app, '/connect', { userId: 'm4' });
  await page.getByLabel('Your name').fill('Aminata');
  await page.context().setOffline(true);
  await page.getByText('There is no connection at the moment.').first().waitFor();
  await page.context().setOffline(false);
  await page.getByText('There is no connection at the moment.').first().waitFor({ state: 'detached' });

  await page.goto(`${app.url}/connect#token=not.a.token`);
  await page.reload();
  await page.getByText('Your session has ended.').first().waitFor();
  const again = page.context();
  await again.clearCookies();
  await page.evaluate(() => sessionStorage.removeItem('relance.token'));
  await page.reload();
  await page.getByText('Please open this page with the link from your platform.').waitFor();
  expect(await page.evaluate(() => sessionStorage.getItem('relance.typed.name'))).toBe('Aminata');
});
