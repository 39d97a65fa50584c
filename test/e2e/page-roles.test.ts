/**
 * Who may do less sees less: no view shows a button that the server would refuse,
 * and who has one site sees nothing of another.
 */

import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { browserTest, goTo, type Stage } from './page-browser.ts';
import { anna, type World } from './world.ts';

const reader = { name: 'rita', password: 'quite a long sentence of hers' };
const ofBerlin = { name: 'bea', password: 'another long sentence of hers' };

/** Everything that anybody but a user gets to see. */
const views = [
  ...['#/', '#/devices', '#/devices/HD0001', '#/users', '#/users/100', '#/users/100/keys', '#/sites'],
  ...['#/sites/berlin', '#/upstreams', '#/upstreams/pbx', '#/calls', '#/history'],
];
const closed = [
  ...['#/devices/import', '#/users/new', '#/users/import', '#/sites/new', '#/upstreams/new', '#/audit'],
  ...['#/settings', '#/settings/webhooks', '#/settings/prompts', '#/settings/backup'],
];

/** Two sites, a phone in each, and who may do what. */
async function company({ ask }: World): Promise<void> {
  await ask('POST', '/sites', { id: 'paris' });
  await ask('POST', '/devices', { mac: '001565d0ff01', model: 'T46S', site: 'paris' });
  const pbx = { id: 'pbx', mode: 'register', addresses: [{ address: '127.0.0.1', port: 9 }] };
  await ask('POST', '/upstreams', { ...pbx, local: { address: '127.0.0.1', port: 0 } });
  await ask('POST', '/accounts', { ...reader, role: 'readOnly' });
  await ask('POST', '/accounts', { ...ofBerlin, role: 'siteAdmin', sites: ['berlin'] });
  for (const device of ['HD0001', 'HD0002']) await ask('POST', '/sessions', { device, extension: '100' });
}

async function visit(page: Page, hash: string): Promise<void> {
  await goTo(page, hash);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await until(`${hash} is there`, async () => !(await page.getByText(/^Loading/).count()), 30_000);
}

/** What can be pressed or filled in, by what a screen reader calls it; in the frame and not what only changes the view. */
async function doable(page: Page): Promise<string[]> {
  const main = page.locator('#main');
  const buttons = await main.locator('button:not(.head), a.button, input[type=file]').allTextContents();
  const forms = await main.locator('form').count();
  return [...buttons.map((text) => text.trim()), ...Array.from({ length: forms }, () => 'a form')];
}

async function read({ open }: Stage): Promise<void> {
  const page = await open('#/', { as: reader });
  const sent: string[] = [];
  page.on('request', (request) => {
    const { pathname } = new URL(request.url());
    if (request.method() !== 'GET' && pathname !== '/api/v1/layouts/preview') sent.push(pathname);
  });
  for (const hash of views) {
    await visit(page, hash);
    const only = ['#/users/100', '#/devices/HD0001'].includes(hash) ? /^(Keys|Show its config|Copy)$/ : /^$/;
    assert.equal(
      (await doable(page)).filter((text) => !only.test(text)),
      [],
      hash,
    );
    assert.is(await page.getByRole('alert').count(), 0, hash);
  }
  for (const hash of closed) {
    await visit(page, hash);
    await page.getByRole('heading', { name: 'You may not do that.' }).waitFor();
  }
  const sections = await page.getByRole('navigation').getByRole('link').allTextContents();
  assert.equal(sections, ['Overview', 'Phones', 'Users', 'Sites', 'PBX', 'Calls', 'History']);
  assert.equal(sent, []);
}

async function workInBerlin({ world, open }: Stage): Promise<void> {
  const page = await open('#/', { as: ofBerlin });
  for (const hash of views) {
    await visit(page, hash);
    const said = (await page.locator('#main').textContent()) ?? '';
    assert.not.match(said, /paris|HD0002/, hash);
    assert.is(await page.getByRole('alert').count(), 0, hash);
  }
  for (const hash of [...closed, '#/sites/paris', '#/devices/HD0002']) {
    await visit(page, hash);
    await page.getByRole('heading', { name: /^(You may not do that\.|There is nothing here)$/ }).waitFor();
  }
  await visit(page, '#/users/100');
  assert.equal(
    (await doable(page)).filter((text) => text !== 'Keys' && text !== 'Log out'),
    [],
  );
  await visit(page, '#/sites/berlin');
  await page.getByLabel('Floor').fill('3');
  await page.getByRole('form', { name: 'Save' }).getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  await visit(page, '#/devices');
  await page.getByRole('button', { name: 'Log out HD0001' }).click();
  await page
    .getByRole('dialog')
    .getByRole('button', { name: /^Log out/ })
    .click();
  await page.getByText('Logged out 1 phone.').waitFor();
  const { items } = (await world.ask('GET', '/sessions')) as { items: { device: string }[] };
  assert.equal(
    items.map(({ device }) => device),
    ['HD0002'],
  );
  const site = (await world.ask('GET', '/sites/berlin')) as { place?: object };
  assert.equal(site.place, { floor: '3' });
}

async function ownKeys({ open }: Stage): Promise<void> {
  const page = await open('#/', { as: { extension: anna.extension, pin: anna.pin } });
  for (const hash of [...views, ...closed, '#/users/101/keys', '#/account']) {
    await visit(page, hash);
    await page.getByRole('heading', { name: 'My phone' }).waitFor();
  }
  const said = (await page.locator('#main').textContent()) ?? '';
  assert.not.match(said, /Ben Krause|berlin/);
  assert.equal(await page.getByRole('navigation').getByRole('link').allTextContents(), ['My phone']);
  await page.getByRole('button', { name: 'Add a key' }).click();
  await page.getByLabel('Key 1: Number').fill('101');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
}

describe('the page', (test) => {
  const name =
    'shows a reader nothing to press, a site’s admin his site and his work there, a user his own keys';
  browserTest(test, name, async (stage) => {
    await company(stage.world);
    await read(stage);
    await workInBerlin(stage);
    await ownKeys(stage);
  });
});
