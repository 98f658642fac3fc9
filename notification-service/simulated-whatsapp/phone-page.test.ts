import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { control, joinAs } from './line-for-tests.ts';
import { startNetwork, type RunningNetwork } from './start-network.ts';

let network: RunningNetwork;
let browser: Browser;
let page: Page;
const complaints: string[] = [];

beforeAll(async () => {
  network = await startNetwork({ linkMs: 1 });
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
  page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  page.setDefaultTimeout(10_000);
  page.on('pageerror', error => complaints.push(error.message));
  page.on('request', request => {
    if (!request.url().startsWith(network.url)) complaints.push(`asked for ${request.url()}`);
  });
});
afterAll(async () => {
  await browser.close();
  await network.close();
});

test('on a small screen a person scans, reads, answers, and blocks', async () => {
  await control(network.url, 'POST', '/control/numbers', { phone: '33611111111', name: '<b>Paul</b>' });
  const member = joinAs(network.url, { phone: '33600000001' });
  await page.goto(network.url);
  const device = await member;
  await page.getByText('Linked devices').waitFor();

  device.send('X', '33611111111', '<img src=x onerror=alert(1)> Bonjour');
  const row = page.getByRole('button', { name: '<b>Paul</b>' });
  await row.getByText('1', { exact: true }).waitFor();
  await row.click();
  await page.getByText('<img src=x onerror=alert(1)> Bonjour').waitFor();
  await page.getByRole('button', { name: 'Mark read' }).click();
  await device.frame({ ev: 'receipt', n: 3 });

  await page.getByLabel('Message').fill('Oui !');
  await page.getByRole('button', { name: 'Send' }).click();
  expect(await device.frame({ ev: 'message' })).toMatchObject({ message: { text: 'Oui !' } });

  await page.getByRole('button', { name: 'Block' }).click();
  await page.getByRole('button', { name: 'Unblock' }).waitFor();
  await page.getByRole('button', { name: 'Back to all phones' }).click();
  await page.getByLabel('Search phones').waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  expect(complaints).toEqual([]);
});

test('a waiting device is scanned from the page, or takes its pairing code there', async () => {
  await page.goto(network.url);
  const scanned = await joinAs(network.url, { login: null });
  await page.getByLabel('Scan as this phone').fill('33600000002');
  await page.getByRole('button', { name: 'Scan as…' }).click();
  expect(await scanned.frame({ ev: 'ready' })).toMatchObject({ identity: { phone: '33600000002' } });

  const waiting = await joinAs(network.url, { login: null });
  await waiting.frame({ ev: 'qr' });
  waiting.say({ op: 'pairing-code', req: 1, phone: '33600000003' });
  const { code } = (await waiting.frame({ re: 1 }))['value'] as { code: string };
  await page.getByText(code).waitFor();
  await page.getByText('Type a pairing code').click();
  await page.getByLabel('Pairing code', { exact: true }).fill(code.toLowerCase());
  await page.getByLabel('On the phone').fill('+33 600 000 003');
  await page.getByRole('button', { name: 'Link', exact: true }).click();
  await waiting.frame({ ev: 'ready' });
  expect(complaints).toEqual([]);
});
