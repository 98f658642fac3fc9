import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EnrollmentDoc } from '../../src/enrollments/index.ts';
import type { MemberDoc } from '../../src/members/index.ts';
import { complaintsOf, launchBrowser, openPage, picture } from '../page-bed.ts';
import { refer, startTestApp, until, writeMessages } from '../test-app.ts';
import type { TestApp } from '../test-app.ts';

let app: TestApp;
let browser: Browser;

beforeAll(async () => {
  app = await startTestApp({
    environment: {
      ...{ RELANCE_MESSAGE_DELAY_MS: '200', RELANCE_MESSAGE_JITTER_MS: '0', RELANCE_WARMUP: 'off' },
    },
  });
  await writeMessages(app);
  await app.connect('m1', '33600000001');
  await app.control('/numbers', { phone: '33611111111', registered: true });
  await app.control('/numbers', { phone: '33622222222', registered: true });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await app.close();
});

const enrollments = () => app.stores.db.collection<EnrollmentDoc>('enrollments');
const member = () => app.stores.db.collection<MemberDoc>('members').findOne({ _id: 'm1' });

test('a member watches people arrive, pauses, stops following one, excludes a number', async () => {
  const page = await openPage(browser, app, '/follow-ups', { userId: 'm1', locale: 'fr-FR' });
  await page.getByText('Personne pour le moment.').first().waitFor();
  await page.getByText('+33600000001').waitFor();

  await refer(app, 'm1', [
    { _id: 'r1', name: 'Awa Diop', phoneNumber: '33611111111' },
    { _id: 'r2', name: 'Bruno Silva', phoneNumber: '33622222222' },
  ]);
  await app.admin().post('/admin/enrollment/run').expect(200);
  await until(async () => (await app.sent()).length === 2, 'both got their first message');
  // Without a reload: the page hears of it.
  await page.getByLabel('1 messages sur 7 envoyés, jour 2').nth(1).waitFor();
  await picture(page, 'follow-ups');

  await page.getByText('Toute l’histoire').first().click();
  await page.getByText('jour 1 de').waitFor();
  await picture(page, 'follow-ups-story');
  await page.getByRole('button', { name: 'Ne plus relancer cette personne' }).click();
  await page.getByText('Ne plus rien envoyer à').waitFor();
  await page.getByRole('button', { name: 'Oui' }).click();
  await page.getByText('arrêté à la main').waitFor();
  expect(await enrollments().countDocuments({ exitReason: 'manual' })).toBe(1);

  await page.getByLabel('Ne rien envoyer pour le moment').check();
  await until(async () => (await member())?.sendingPaused === true, 'sending is paused');
  await page.getByLabel('Afficher').selectOption('completed');
  await page.getByText('L’envoi est en pause.').waitFor({ state: 'detached' });

  await page.getByLabel('Numéro de téléphone, avec l’indicatif').fill('12');
  await page.getByRole('button', { name: 'Ne jamais écrire à ce numéro' }).click();
  await page.getByText('(requête ').waitFor();
  await page.getByLabel('Numéro de téléphone, avec l’indicatif').fill('+33 6 33 33 33 33');
  await page.getByRole('button', { name: 'Ne jamais écrire à ce numéro' }).click();
  await page.getByText('+33633333333').waitFor();
  await page.getByRole('button', { name: 'Autoriser de nouveau' }).click();
  await page.getByText('Personne n’est exclu.').waitFor();
  expect(complaintsOf(page)).toEqual([]);
});

test('the emergency stop stands on the member’s page with its reason', async () => {
  await app.admin().post('/admin/sending/stop', { reason: 'We check a complaint' }).expect(200);
  const page = await openPage(browser, app, '/follow-ups', { userId: 'm1' });
  await page.getByText('We check a complaint').waitFor();
  await app.admin().post('/admin/sending/resume').expect(200);
  await page.reload();
  await page.getByRole('heading', { name: 'The people you referred' }).waitFor();
  expect(await page.getByText('We check a complaint').count()).toBe(0);
});

test('connection: the history, a disconnect that keeps the login, and leaving for good', async () => {
  const page = await openPage(browser, app, '/connection', { userId: 'm1', locale: 'ar', dark: true });
  await page.getByText('تم الاتصال.').waitFor();
  expect(await page.evaluate(() => document.documentElement.dir)).toBe('rtl');
  await picture(page, 'connection-ar-dark');
  await page.getByLabel('اللغة').selectOption('en');
  await page.getByRole('button', { name: 'Disconnect' }).click();
  await page.getByRole('button', { name: 'Yes' }).click();
  await page.getByText('WhatsApp is not connected.').waitFor();
  await page.getByText('Disconnected by you.').waitFor();

  await page.goto(`${app.url}/follow-ups`);
  await page.waitForURL('**/connect');

  await page.goto(`${app.url}/connection`);
  await page.getByRole('button', { name: 'Leave for good' }).click();
  await page.getByRole('button', { name: 'Yes' }).click();
  await page.getByText('Nothing has happened yet.').waitFor();
  expect(await member()).toBeNull();
  expect(complaintsOf(page)).toEqual([]);
});
