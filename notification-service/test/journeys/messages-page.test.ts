import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { complaintsOf, launchBrowser, openPage, picture } from '../page-bed.ts';
import { startTestApp, until, writeMessages } from '../test-app.ts';
import type { TestApp } from '../test-app.ts';

let app: TestApp;
let browser: Browser;

beforeAll(async () => {
  app = await startTestApp({
    environment: { RELANCE_MESSAGE_DELAY_MS: '200', RELANCE_MESSAGE_JITTER_MS: '0' },
  });
  await writeMessages(app, [1, 2]);
  await app.connect('admin', '33600000009');
  await app.control('/numbers', { phone: '33611111111', registered: true });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await app.close();
});

/** The smallest PNG there is. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

test('an admin writes day 3 in two languages with a picture, sees it, tests it, and it arrives', async () => {
  const page = await openPage(browser, app, '/admin/messages?day=3', {
    ...{ userId: 'admin', role: 'admin', locale: 'fr-FR', width: 1280, height: 900 },
  });
  await page.getByRole('heading', { name: 'Modifier le jour 3' }).waitFor();
  await page.getByLabel('Français').first().fill('Bonjour ');
  await page
    .getByRole('toolbar', { name: 'Insérer : Français' })
    .getByRole('button', { name: 'firstName' })
    .click();
  await page.getByLabel('English').first().fill('Hello {{ firstName }}, shall we {{ nonsense }}?');
  await page.getByText('unknown variable "nonsense"').first().waitFor();
  await page.getByLabel('English').first().fill('Hello {{ firstName }}');
  await page.getByText('Bonjour Awa').waitFor();
  await page
    .getByLabel('Ajouter une image')
    .setInputFiles({ name: 'tea.png', mimeType: 'image/png', buffer: PNG });
  await page.locator('.preview img').waitFor();
  await page.getByText('Pas encore enregistré.').waitFor();
  // A reload loses nothing.
  await page.reload();
  await page.getByText('tea.png').waitFor();
  await picture(page, 'messages');
  await page.getByRole('button', { name: 'Enregistrer' }).click();
  await page.getByText('Enregistré.', { exact: true }).waitFor();
  await page.getByText(/ · admin$/).waitFor();

  await page.getByLabel('Numéro d’essai').fill('+33 6 11 11 11 11');
  await page.getByRole('button', { name: 'Envoyer un essai' }).click();
  await page.getByText('L’essai est en route').waitFor();
  await until(async () => (await app.sent()).some(({ to }) => to === '33611111111'), 'the test arrives');
  expect((await app.sent()).find(({ to }) => to === '33611111111')?.text).toMatch(/^Bonjour \w/);
  expect(complaintsOf(page)).toEqual([]);
}, 60_000);

test('the emergency stop is in sight, and its reason stands there while it holds', async () => {
  const page = await openPage(browser, app, '/admin/messages', { userId: 'admin', role: 'admin' });
  await page.getByRole('button', { name: 'Emergency stop' }).click();
  await page.getByLabel('Why is sending stopped?').fill('Wrong text on day 3');
  await page.getByRole('button', { name: 'Stop now' }).click();
  await page.getByText('Wrong text on day 3').waitFor();
  expect((await app.member('m1').get('/sending')).body.data).toEqual({
    on: false,
    reason: 'Wrong text on day 3',
  });
  await page.getByRole('button', { name: 'Resume sending' }).click();
  await page.getByText('Wrong text on day 3').waitFor({ state: 'detached' });
});

test('who is no admin is told so', async () => {
  const page = await openPage(browser, app, '/admin/messages', { userId: 'm1' });
  await page.getByText('This page is for administrators.').waitFor();
});
