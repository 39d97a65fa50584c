/**
 * An admin's day on the page, in a real browser: somebody is logged out, a
 * phone is added, keys are laid out by mouse and by keyboard.
 */

import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { browserTest } from './page-browser.ts';

const keys = ['Berta', 'Cäsar', 'Dora'].map((label, index) => ({ type: 'blf', value: `20${index}`, label }));

/** For one step on a machine that does much else. */
const patienceMs = 30_000;

const labels = (page: Page) =>
  page
    .getByLabel(/^Key \d+: Label$/)
    .all()
    .then((fields) => Promise.all(fields.map((field) => field.inputValue())));

async function ordered(page: Page, ...wanted: string[]): Promise<void> {
  await until(
    `the order ${wanted.join(', ')}`,
    async () => (await labels(page)).join() === wanted.join(),
    patienceMs,
  );
}

/** What the drawing shows, key by key. */
const drawn = (page: Page) => page.locator('.phone li .label').allTextContents();

async function becomes(page: Page, ...wanted: string[]): Promise<void> {
  let last: string[] = [];
  await until(
    `the phone with ${wanted.join(', ')}`,
    async () => {
      last = (await drawn(page)).slice(0, wanted.length);
      return JSON.stringify(last) === JSON.stringify(wanted);
    },
    patienceMs,
  ).catch((cause: Error) => {
    throw new Error(`${cause.message}; it shows ${last.join(', ')}`, { cause });
  });
}

describe('the page', (test) => {
  browserTest(test, 'logs somebody out, and a second window sees it without a reload', async (stage) => {
    const { world, open } = stage;
    const desk = await world.desk('HD0001');
    await world.ask('POST', '/sessions', { device: 'HD0001', extension: '100' });
    await world.changedOver('HD0001');
    const [admin, reception] = await Promise.all([open('#/devices'), open('#/')]);
    const seat = reception.getByRole('row', { name: /Anna Berger/ });
    await seat.waitFor();
    await reception.evaluate('window.isStillThere = true');

    await admin.getByRole('checkbox', { name: 'Select HD0001' }).check();
    await admin.getByRole('button', { name: 'Log out 1 phone' }).click();
    const question = admin.getByRole('dialog', { name: 'Log out 1 phone?' });
    await question.getByText('can only make emergency calls').waitFor();
    const from = desk.mark();
    await question.getByRole('button', { name: 'Log out' }).click();

    await admin.getByText('Logged out 1 phone.').waitFor();
    await seat.waitFor({ state: 'detached' });
    await reception.getByText('Nobody is logged in.').waitFor();
    assert.is(await reception.evaluate('window.isStillThere'), true);
    await desk.saw('registered', {}, from);
    await admin
      .getByRole('row', { name: /HD0001/ })
      .getByText('Free')
      .waitFor();
    await admin.getByRole('link', { name: 'Why is HD0001 as it is?' }).click();
    await admin.getByText('Nobody is logged in: it can make emergency calls').waitFor();
  });

  browserTest(
    test,
    'adds a phone, says what to do there, and shows when it has come up',
    async ({ world, open }) => {
      const page = await open('#/devices');
      await page.getByRole('link', { name: 'Add a phone' }).click();
      await page.getByLabel('Find the model').fill('yealink t46');
      await page.getByRole('radio', { name: /T46S/ }).check();
      await page.getByRole('button', { name: 'Next' }).click();

      const mac = page.getByLabel('MAC address');
      await mac.fill('00:15:65:d0');
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByText('A MAC address has twelve of 0-9 and a-f.').waitFor();
      await mac.fill('00:04:13:00:00:01');
      await page.getByText('Not an address of yealink').waitFor();
      await mac.fill('00:15:65:D0:00:01');
      await page.getByText(/^\W*An address of yealink$/).waitFor();
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByText('An agent of this site is connected').waitFor();
      await page.getByRole('button', { name: 'Add a phone' }).click();
      // It is the address of HD0001: back to where that can be mended.
      await page.getByText('belongs to HD0001').waitFor();
      await mac.fill('00-15-65-D0-00-02');
      await page.getByRole('button', { name: 'Next' }).click();
      await page.getByRole('button', { name: 'Add a phone' }).click();

      await page.getByText('HD0002 was added.').waitFor();
      await page.getByText('Settings → Auto Provision').waitFor();
      assert.is(await page.getByLabel('Server URL').inputValue(), await world.url('HD0002'));
      await page.getByText('Not registered').waitFor();
      await world.desk('HD0002');
      await page.getByText(/^\W*Free$/).waitFor();
    },
  );

  browserTest(
    test,
    'makes a site, its agent’s line and a user, and forbids many to hot-desk',
    async (stage) => {
      const { world, open } = stage;
      const page = await open('#/sites');
      await page.getByRole('link', { name: 'Add a site' }).click();
      await page.getByLabel('Name').fill('Wien');
      await page.getByRole('button', { name: 'Add a site' }).click();
      await page.getByText('a site is named in small letters').waitFor();
      await page.getByLabel('Name').fill('wien');
      await page.getByLabel('Emergency numbers').fill('112, 144');
      await page.getByLabel('City').fill('Wien');
      await page.getByRole('button', { name: 'Add a site' }).click();
      await page.getByRole('heading', { name: 'wien', level: 1 }).waitFor();
      await page.getByText('No agent yet').waitFor();
      await page.getByRole('button', { name: 'Make the line' }).click();
      const line = page.getByRole('textbox', { name: 'Install an agent' });
      assert.match(await line.inputValue(), /^curl .*install\.sh .*--token /);
      const made = (await world.ask('GET', '/sites/wien')) as { emergencyNumbers: string[]; place: object };
      assert.equal([made.emergencyNumbers, made.place], [['112', '144'], { A3: 'Wien' }]);

      await page.getByRole('link', { name: 'Users' }).click();
      await page.getByRole('link', { name: 'Add a user' }).click();
      await page.getByLabel('Extension').fill('104');
      await page.getByLabel('Name').fill('Eva Lindner');
      await page.getByLabel('PIN').fill('1234');
      await page.getByRole('button', { name: 'Add a user' }).click();
      await page.getByRole('alert').waitFor();
      await page.getByLabel('PIN').fill('480915');
      await page.getByRole('button', { name: 'Add a user' }).click();
      await page.getByRole('heading', { name: 'Eva Lindner (104)' }).waitFor();
      await page.getByText('A PIN is set.').waitFor();

      await page.getByRole('link', { name: 'Users' }).click();
      await page.getByRole('checkbox', { name: 'Select all' }).check();
      await page.getByRole('checkbox', { name: 'Select 100' }).uncheck();
      await page.getByRole('button', { name: 'Forbid hot desking (2)' }).click();
      await page.getByText('Changed 2 users.').waitFor();
      await until(
        'two that may not',
        async () => (await page.getByText('Not allowed').count()) === 2,
        patienceMs,
      );

      await page.getByRole('link', { name: 'Audit' }).click();
      const users = page.getByRole('row', { name: 'POST /users' }).first();
      await users.waitFor();
      await page.getByLabel('Search').fill('WIEN');
      await users.waitFor({ state: 'detached' });
      await page.getByRole('row', { name: 'POST /sites' }).waitFor();
      await page.getByLabel('Kind').selectOption('Users');
      await page.getByText('Nothing matches.').waitFor();
      await page.getByLabel('Search').fill('');
      await users.waitFor();
      await page.getByLabel('Day').fill('2000-01-01');
      await page.getByText('Nothing matches.').waitFor();
    },
  );

  browserTest(test, 'adopts a phone that was heard, with one click', async ({ world, open }) => {
    const page = await open('#/devices');
    await page.getByRole('row', { name: /HD0001/ }).waitFor();
    const [http] = world.agent.http;
    await fetch(`http://127.0.0.1:${http?.port}/001565fe0001.cfg`, {
      headers: { connection: 'close', 'user-agent': 'Yealink SIP-T46S 66.86.0.15 001565fe0001' },
    });
    await page.getByRole('button', { name: 'Adopt 00:15:65:fe:00:01' }).click();
    await page.getByRole('heading', { name: 'HD0002' }).waitFor();
    await page.getByText('HD0002 was added.').waitFor();
    const { mac, model } = (await world.device('HD0002')) as { mac: string; model: string };
    assert.equal([mac, model], ['001565fe0001', 'T46S']);
  });

  browserTest(
    test,
    'says when it is not connected, and catches up when it is again',
    async ({ world, open }) => {
      const page = await open('#/users');
      await page.getByRole('link', { name: /Anna Berger/ }).waitFor();
      await page.route('**/api/v1/events', (route) => route.abort());
      await page.reload();
      await page.getByRole('heading', { name: 'Users' }).waitFor();
      await page.getByText('Not connected').waitFor({ timeout: patienceMs });
      await page.getByRole('link', { name: /Anna Berger/ }).waitFor();
      await world.ask('PATCH', '/users/100', { name: 'Anna Neu' });
      await page.unroute('**/api/v1/events');
      await page.getByRole('link', { name: /Anna Neu/ }).waitFor({ timeout: patienceMs });
      await page.getByText('Not connected').waitFor({ state: 'detached' });
    },
  );

  browserTest(
    test,
    'lays out keys by mouse and by keyboard, and draws the phone as it will be',
    async (stage) => {
      const { world, open } = stage;
      await world.ask('PATCH', '/users/100', { keys });
      const page = await open('#/users/100/keys');
      await becomes(page, 'Logout', 'Berta', 'Cäsar', 'Dora', 'Empty');

      const handle = (nth: number) =>
        page.getByRole('button', { name: `Key ${nth}: move with the arrow keys` });
      await handle(3).dragTo(handle(1));
      await ordered(page, 'Dora', 'Berta', 'Cäsar');
      await becomes(page, 'Logout', 'Dora', 'Berta', 'Cäsar');

      await handle(1).focus();
      await page.keyboard.press('ArrowDown');
      await page.getByText('Key 1 is now key 2.').waitFor();
      await ordered(page, 'Berta', 'Dora', 'Cäsar');
      await page.keyboard.press('End');
      await page.getByText('Key 2 is now key 3.').waitFor();
      await ordered(page, 'Berta', 'Cäsar', 'Dora');
      await page.getByRole('button', { name: 'Key 2: up' }).click();
      await ordered(page, 'Cäsar', 'Berta', 'Dora');

      await page.getByRole('button', { name: 'Add a key' }).click();
      await page.getByLabel('Key 4: Number').fill('030#');
      await page.getByLabel('Key 4: Label').fill('Emil');
      await page.getByLabel('Key 4: Type').selectOption('speeddial');
      await page.getByLabel('Key 2: Type').selectOption('none');
      await becomes(page, 'Logout', 'Cäsar', 'Dora', 'Emil', 'Empty');
      await page.getByLabel('Model').fill('6863i');
      await becomes(page, 'Logout', 'Cäsar', 'Dora');
      await page.getByText('1 key will not be there:').waitFor();
      await page.locator('.findings').getByText('Emil').waitFor();
      await page.getByLabel('State').selectOption('Free');
      await becomes(page, 'Login', 'Empty', 'Empty');

      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Export' }).click(),
      ]);
      assert.is(file.suggestedFilename(), 'keys-100.json');
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved.').waitFor();
      const kept = (await world.ask('GET', '/users/100')) as { keys: { label: string; type: string }[] };
      assert.equal(
        kept.keys.map(({ label, type }) => `${label} ${type}`),
        ['Cäsar blf', 'Berta none', 'Dora blf', 'Emil speeddial'],
      );

      // Somebody else was quicker: nothing of his is overwritten unseen.
      await world.ask('PATCH', '/users/100', { keys: [] });
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('somebody changed it meanwhile').waitFor();

      await page.goto(new URL('#/users/101/keys', page.url()).href);
      await page.getByRole('heading', { name: 'Keys of Ben Krause' }).waitFor();
      await page
        .getByLabel('Import')
        .setInputFiles({ name: 'x.json', mimeType: 'application/json', buffer: Buffer.from('{}') });
      await page.getByText('That file holds no keys.').waitFor();
      await page.getByLabel('Import').setInputFiles(await file.path());
      await ordered(page, 'Cäsar', 'Berta', 'Dora', 'Emil');
    },
  );
});
