/**
 * What stands around phones and users, on the page: tables in and out, PBX and
 * trunks, calls, emergency routes, webhooks, the voice, backups.
 */

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { wavOf } from '#test/support/wav.ts';
import { browserTest } from './page-browser.ts';
import type { World } from './world.ts';

/** For one step on a machine that does much else. */
const patienceMs = 30_000;

/** Chooses a file made of that text. */
const choose = (
  page: Page,
  name: string,
  mimeType: string,
  bytes: string | Buffer,
  button = 'Choose a file',
) => page.getByLabel(button, { exact: true }).setInputFiles({ name, mimeType, buffer: Buffer.from(bytes) });

async function downloaded(page: Page, press: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: press, exact: true }).click(),
  ]);
  return await readFile((await download.path()) ?? '', 'utf8');
}

/** A program that takes what a webhook sends. */
async function openReceiver(world: World): Promise<{ url: string; got: string[] }> {
  const got: string[] = [];
  const server = createServer((request, response) => {
    got.push(String(request.headers['x-hotdesk-signature'] ?? ''));
    request.resume().on('end', () => response.writeHead(204, { connection: 'close' }).end());
  }).listen(0, '127.0.0.1');
  world.defer(() => server.close());
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got };
}

describe('the page', (test) => {
  browserTest(
    test,
    'imports a table once its wrong lines are mended, and exports it',
    async ({ world, open }) => {
      const page = await open('#/users');
      await page.getByRole('link', { name: 'Import', exact: true }).click();
      await page.getByRole('heading', { name: 'Import users' }).waitFor();
      await choose(page, 'wrong.csv', 'text/csv', 'extension,name,pin\n200,Carla,7412\n201,Dora,1111\n');
      await page.getByText('1 of 2 rows cannot be imported. Nothing was changed.').waitFor();
      const wrong = page.getByRole('row', { name: /Refused/ });
      assert.equal((await wrong.getByRole('cell').allTextContents()).slice(0, 3), ['3', '■ Refused', 'pin']);
      assert.is(await page.getByRole('button', { name: /^Import/ }).count(), 0);

      // Headers that are none are told, too.
      await choose(page, 'x.csv', 'text/csv', 'extention,name\n200,Carla\n', 'Choose another file');
      await page.getByText('did you mean "extension"?').waitFor();

      // More than goes at once; the last, in a part of its own, has a PIN.
      const rows = Array.from(
        { length: 26 },
        (_, nth) => `${200 + nth},User ${nth},${nth === 25 ? '7412' : ''}`,
      );
      await choose(page, 'right.csv', 'text/csv', `extension,name,pin\n${rows.join('\n')}\n`);
      await page.getByText('26 rows: 26 new, 0 changed, 0 as before').waitFor();
      await page.getByRole('button', { name: 'Import 26 rows' }).click();
      await page.getByRole('heading', { name: 'Users', exact: true }).waitFor();
      await page.getByRole('link', { name: 'User 25 225' }).waitFor();
      const user = (await world.ask('GET', '/users/225')) as { hasPin: boolean };
      assert.is(user.hasPin, true);

      const table = await downloaded(page, 'Export');
      assert.match(table, /^extension,name,hotdesk,second-device\r\n/);
      assert.match(table, /\r\n225,User 25,on,default\r\n/);
    },
  );

  browserTest(
    test,
    'adds a PBX, gives a user an account there, and tests where emergency calls go',
    async (stage) => {
      const { world, open } = stage;
      await world.desk('HD0001');
      const page = await open('#/upstreams');
      await page.getByText('None yet. Without one').waitFor();
      await page.getByRole('link', { name: 'Add a PBX or trunk' }).click();
      await page.getByLabel('Name').fill('pbx');
      await page.getByRole('button', { name: 'Add a PBX or trunk' }).click();
      await page.getByText('at least one address is needed').waitFor();
      await page.getByLabel('Addresses').fill('127.0.0.1:9');
      await page.getByLabel('Numbers that go there').fill('0, 300-399');
      await page.getByText('Rarely needed').click();
      await page.getByLabel('Our address towards it').fill('127.0.0.1:0');
      await page.getByRole('button', { name: 'Add a PBX or trunk' }).click();
      await page.getByRole('heading', { name: 'pbx', exact: true }).waitFor();
      await page.getByText('127.0.0.1:9').first().waitFor();

      await page.goto(new URL('#/users/100', page.url()).href);
      const account = page.getByRole('region', { name: 'Account at the PBX' });
      await account.getByLabel('Password there').fill('of the PBX');
      await account.getByRole('button', { name: 'Save' }).click();
      await account.getByText('100 at pbx, registered while logged in.').waitFor();
      await page.goto(new URL('#/upstreams/pbx', page.url()).href);
      await page.getByRole('button', { name: 'Remove' }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
      await page.getByText('upstream pbx still has 1 users').waitFor();
      await page.keyboard.press('Escape');

      await page.goto(new URL('#/sites/berlin', page.url()).href);
      await page.getByRole('button', { name: 'Test now' }).click();
      await page.getByText('The way is open from HD0001').waitFor();
      await page.getByLabel('Gateway on the site’s own network').fill('');
      const help = page.getByRole('form', { name: 'Where emergency calls go' });
      await help.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved.').waitFor();
      await page.getByText('emergency route gateway: the site has none').waitFor();
      await page.getByRole('link', { name: 'Overview' }).click();
      const problems = page.getByRole('region', { name: /^Problems/ }).getByRole('listitem');
      await problems.filter({ hasText: 'the site has none' }).getByRole('link', { name: 'berlin' }).click();
      const heading = page.getByRole('heading', { name: 'Where emergency calls go' });
      await heading.and(page.locator(':focus')).waitFor();

      const codes = page.getByRole('form', { name: 'Dial codes' });
      await codes.getByLabel('Name').fill('park');
      await codes.getByLabel('Code', { exact: true }).fill('*78');
      await codes.getByRole('button', { name: 'Save' }).click();
      await codes.getByText(/begins with \*7/).waitFor();
      await codes.getByLabel('Code', { exact: true }).fill('*68');
      await codes.getByRole('button', { name: 'Save' }).click();
      await codes.getByLabel('park').waitFor();
      const site = (await world.ask('GET', '/sites/berlin')) as {
        dialCodes: object;
        emergencyGateway?: object;
      };
      assert.equal(site.dialCodes, { login: '*77*', logout: '*77*5*', park: '*68' });
      assert.is(site.emergencyGateway, undefined);
    },
  );

  browserTest(
    test,
    'shows who speaks with whom, lets a program know, hears the voice, and hands out a backup',
    async ({ world, open }) => {
      const [first, second] = [await world.desk('HD0001'), await world.desk('HD0002')];
      await world.ask('POST', '/sessions', { device: 'HD0001', extension: '100' });
      await world.ask('POST', '/sessions', { device: 'HD0002', extension: '101' });
      await Promise.all(['HD0001', 'HD0002'].map((id) => world.changedOver(id)));
      const page = await open('#/calls');
      await page.getByText('Nobody is in a call.').waitFor();
      const from = second.mark();
      first.phone.call('101');
      await second.saw('incoming', {}, from);
      second.phone.answer();
      await page.getByRole('heading', { name: 'Calls now (1)' }).waitFor();
      const now = page.getByRole('region', { name: 'Calls now' });
      await now.getByRole('row', { name: /Anna Berger 100.*Ben Krause 101/ }).waitFor();
      await first.saw('answered');
      first.phone.hangUp();
      await page.getByText('Nobody is in a call.').waitFor();
      const ended = page.getByRole('region', { name: 'The last calls' });
      await ended.getByRole('row', { name: /Anna Berger 100.*Ben Krause 101/ }).waitFor();

      const { url, got } = await openReceiver(world);
      await page.goto(new URL('#/settings/webhooks', page.url()).href);
      await page.getByLabel('Address').fill('ftp://x');
      await page.getByRole('button', { name: 'Add a webhook' }).click();
      await page.getByText('a contact is an https URL').waitFor();
      await page.getByLabel('Address').fill(url);
      await page.getByLabel('Login', { exact: true }).uncheck();
      await page.getByRole('button', { name: 'Add a webhook' }).click();
      assert.match(await page.getByLabel('Secret that signs the messages').inputValue(), /^[0-9a-f]{64}$/);
      await page.getByRole('button', { name: `Send a test ${url}` }).click();
      await page.getByText('● Taken').waitFor();
      assert.is(got.length, 1);
      await page.getByRole('button', { name: `Switch off ${url}` }).click();
      await page.getByRole('button', { name: `Switch on ${url}` }).waitFor();
      const { items } = (await world.ask('GET', '/webhooks')) as {
        items: { enabled: boolean; events: string[] }[];
      };
      assert.equal(
        items.map(({ enabled, events }) => [enabled, events.includes('login')]),
        [[false, false]],
      );

      await page.getByRole('link', { name: 'Voice' }).click();
      const pin = page.getByRole('listitem').filter({ hasText: 'Please enter your PIN' });
      await pin.getByText('○ Built in').waitFor();
      const player = `document.querySelector('audio[src$="/prompts/en/pin"]')`;
      await page.evaluate(`${player}.preload = 'auto', ${player}.load()`);
      const seconds = () => page.evaluate(`${player}.duration`) as Promise<number>;
      await until('the prompt is there', async () => (await seconds()) > 1, patienceMs);
      await choose(page, 'no.wav', 'audio/wav', 'no sound', 'Upload en/pin');
      await pin.getByRole('alert').waitFor();
      await choose(page, 'pin.wav', 'audio/wav', wavOf({ seconds: 2, hertz: 440 }), 'Upload en/pin');
      await pin.getByText('Your recording').waitFor();
      await pin.getByRole('button', { name: 'Back to the built-in one' }).click();
      await pin.getByText('○ Built in').waitFor();

      await page.getByRole('link', { name: 'Backup' }).click();
      assert.match(await downloaded(page, 'Download a backup'), /^\{"hotdesk":"backup"/);
    },
    { desks: 2 },
  );
});
