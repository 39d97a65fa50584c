/**
 * Who gets to the page: the first account by its one-time link, an admin by his
 * password, somebody with an extension by his PIN, to what is his own.
 */

import { Secret, TOTP } from 'otpauth';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { admin, browserTest } from './page-browser.ts';
import { anna } from './world.ts';

const owner = { name: 'olga', password: 'quite a long sentence of hers' };

describe('the page', (test) => {
  browserTest(
    test,
    'makes the first account by its link, signs out and in, and makes a token',
    async ({ world, origin, open }) => {
      const link = world.controller.setup ?? '';
      assert.ok(link.startsWith(`${origin}/#/setup/`), link);
      const page = await open(link.slice(origin.length + 1), { isSignedIn: false });
      await page.getByRole('heading', { name: 'Set up hotdesk' }).waitFor();
      await page.getByLabel('Name').fill(owner.name);
      const [password, again] = [
        page.getByLabel('Password', { exact: true }),
        page.getByLabel('Password again'),
      ];
      await password.fill('short');
      await again.fill('shore');
      await page.getByText('The two are not the same.').waitFor();
      await again.fill('short');
      await page.getByRole('button', { name: 'Make the account' }).click();
      await page.getByText('a password has at least 10 characters').waitFor();
      await password.fill(owner.password);
      await again.fill(owner.password);
      await page.getByRole('button', { name: 'Make the account' }).click();
      await page.getByRole('heading', { name: 'Who sits where' }).waitFor();
      assert.not.match(page.url(), /setup/, 'the link is gone from the address');

      await page.getByRole('link', { name: 'Settings' }).click();
      await page.getByRole('listitem').filter({ hasText: 'olga' }).getByText('Owner').waitFor();
      const tokens = page.getByRole('form', { name: 'Make a token' });
      await tokens.getByLabel('Name').fill('scripts');
      await tokens.getByRole('button', { name: 'Make a token' }).click();
      assert.match(await page.getByLabel('Token', { exact: true }).inputValue(), /^hdt_/);

      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('heading', { name: 'Sign in' }).waitFor();
      await page.reload();
      await page.getByLabel('Name').fill(owner.name);
      await password.fill('another sentence');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('That was not right.').waitFor();
      await password.fill(owner.password);
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByRole('heading', { name: 'Settings' }).waitFor();

      const second = await open(link.slice(origin.length + 1), { isSignedIn: false });
      await second.getByLabel('Name').fill('eve');
      await second.getByLabel('Password', { exact: true }).fill(owner.password);
      await second.getByLabel('Password again').fill(owner.password);
      await second.getByRole('button', { name: 'Make the account' }).click();
      await second.getByText('this link is not good any more').waitFor();
    },
    { hasAdmin: false },
  );

  browserTest(test, 'asks for a code besides the password once an app is set up', async ({ open }) => {
    const page = await open('#/account');
    const factor = page.getByRole('region', { name: 'Code besides the password' });
    await factor.getByLabel('Password as it is').fill(admin.password);
    await factor.getByRole('button', { name: 'Set up an app' }).click();
    const secret = Secret.fromBase32(await factor.getByLabel('Secret for the app').inputValue());
    await factor.getByLabel('Code', { exact: true }).fill(new TOTP({ secret }).generate());
    await factor.getByRole('button', { name: 'Confirm' }).click();
    const codes = await factor.getByLabel('Codes for when the app is lost').inputValue();
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('heading', { name: 'Who sits where' }).waitFor();
    await page.goto(new URL('#/account', page.url()).href);
    await factor.getByText('An authenticator app is asked for its code').waitFor();
    assert.is(await factor.getByRole('button').count(), 0, 'there is nothing to set up any more');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Name').fill(admin.name);
    await page.getByLabel('Password', { exact: true }).fill(admin.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('the code of the authenticator app is needed').waitFor();
    await page.getByLabel('Code', { exact: true }).fill(codes.split(' ')[0] ?? '');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'My account' }).waitFor();
  });

  browserTest(
    test,
    'lets a user see and change what is his own, and nothing else',
    async ({ world, open }) => {
      const desk = await world.desk('HD0001');
      await world.ask('POST', '/sessions', { device: 'HD0001', extension: anna.extension });
      const page = await open('#/', { isSignedIn: false });
      await page.getByLabel('My extension').check();
      await page.getByLabel('Extension', { exact: true }).fill(anna.extension);
      await page.getByLabel('PIN').fill('0000');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await page.getByText('That was not right.').waitFor();
      await page.getByLabel('PIN').fill(anna.pin);
      await page.getByRole('button', { name: 'Sign in' }).click();

      await page.getByRole('heading', { name: 'My phone' }).waitFor();
      assert.equal(await page.getByRole('navigation').getByRole('link').allTextContents(), ['My phone']);
      await page.getByText('HD0001').waitFor();
      await page.getByRole('button', { name: 'Add a key' }).click();
      await page.getByLabel('Key 1: Number').fill('101');
      await page.getByLabel('Key 1: Label').fill('Ben');
      await page.locator('.phone').getByText('Ben').waitFor();
      await page.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved.').waitFor();
      const { keys } = (await world.ask('GET', '/users/100')) as { keys: { value: string }[] };
      assert.equal(
        keys.map(({ value }) => value),
        ['101'],
      );

      const from = desk.mark();
      await page.getByRole('button', { name: 'Log out everywhere' }).click();
      await page.getByText('Nowhere.').waitFor();
      await desk.saw('registered', { aor: 'HD0001' }, from);
      await page.goto(new URL('#/users', page.url()).href);
      await page.getByRole('heading', { name: 'My phone' }).waitFor();
    },
  );
});
