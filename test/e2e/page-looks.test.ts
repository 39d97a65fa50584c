/**
 * How the page looks and to whom: in German, in the dark, on a narrow screen, to
 * a screen reader (axe-core), and with names that somebody chose to do harm.
 */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import * as assert from 'uvu/assert';
import { describe } from '#test/support/describe.ts';
import { until } from '#test/support/until.ts';
import { browserTest, goTo, type Stage } from './page-browser.ts';
import { openRawPhone, statusOf } from './raw-phone.ts';
import { macOf } from './world.ts';

/** Address, and what stands in German in its heading. */
const views: readonly (readonly [hash: string, heading: RegExp])[] = [
  ['#/', /^Übersicht$/],
  ['#/devices', /^Telefone$/],
  ['#/devices/HD0001', /^HD0001$/],
  ['#/devices/new', /^Telefon hinzufügen$/],
  ['#/users', /^Benutzer$/],
  ['#/users/new', /^Benutzer anlegen$/],
  ['#/users/100', /^Anna Berger \(100\)$/],
  ['#/users/100/keys', /^Tasten von Anna Berger$/],
  ['#/sites', /^Standorte$/],
  ['#/sites/new', /^Standort anlegen$/],
  ['#/sites/berlin', /^berlin$/],
  ['#/devices/import', /^Telefone importieren$/],
  ['#/users/import', /^Benutzer importieren$/],
  ['#/upstreams', /^Telefonanlage und Trunks$/],
  ['#/upstreams/new', /^Anlage oder Trunk anlegen$/],
  ['#/upstreams/pbx', /^pbx$/],
  ['#/calls', /^Gespräche$/],
  ['#/history', /^Verlauf$/],
  ['#/audit', /^Protokoll$/],
  ['#/settings', /^Einstellungen$/],
  ['#/settings/webhooks', /^Einstellungen: Webhooks$/],
  ['#/settings/prompts', /^Einstellungen: Ansagen$/],
  ['#/settings/backup', /^Einstellungen: Sicherung$/],
  ['#/account', /^Mein Konto$/],
];

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

type Violation = { id: string; nodes: { html: string; failureSummary?: string }[] };

/** Only these see another page in the dark. */
const colours = ['color-contrast', 'link-in-text-block'];

/** What WCAG 2.2 AA and good practice object to in what is shown. */
async function violations(page: Page, rules?: readonly string[]): Promise<string[]> {
  const options = rules === undefined ? '' : JSON.stringify({ runOnly: rules });
  await page.evaluate(`window.axe === undefined && (0, () => { ${axe} })()`);
  const found = (await page.evaluate(
    `axe.run(${options}).then(({ violations }) => violations)`,
  )) as Violation[];
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`),
  );
}

/** A view that is shown, with all that it asked for. */
async function visit(page: Page, hash: string, heading?: RegExp): Promise<void> {
  await goTo(page, hash);
  await page.getByRole('heading', { level: 1, ...(heading && { name: heading }) }).waitFor();
  await page.waitForLoadState('load');
  await until(
    `${hash} is there`,
    async () => !(await page.getByText(/^(Loading|Wird geladen)/).count()),
    30_000,
  );
}

/** A day's worth of life: somebody sits there, somebody did, keys that are too many, a phone that is off. */
async function live({ world }: Stage): Promise<void> {
  const keys = Array.from({ length: 30 }, (_, at) => ({
    type: 'blf',
    value: `${200 + at}`,
    label: `Key ${at}`,
  }));
  await world.ask('PATCH', '/users/100', { keys });
  const local = { address: '127.0.0.1', port: 0 };
  const nobody = { address: '127.0.0.1', port: 9 };
  await world.ask('POST', '/upstreams', { id: 'pbx', mode: 'register', addresses: [nobody], local });
  await world.ask('PUT', '/users/100/upstream', { user: 'anna', secret: 'of the PBX' });
  const url = 'https://hooks.invalid/a-rather-long-path/that-does-not-fit-on-a-line-of-a-telephone';
  await world.ask('POST', '/webhooks', { url, events: ['login', 'emergency'] });
  await world.desk('HD0001');
  await world.ask('POST', '/sessions', { device: 'HD0001', extension: '101' });
  await world.ask('POST', '/sessions', { device: 'HD0001', extension: '100' });
  await world.changedOver('HD0001');
}

describe('the page', (test) => {
  browserTest(
    test,
    'gives axe nothing to object to, in either light',
    async (stage) => {
      await live(stage);
      const found: string[] = [];
      for (const colorScheme of ['light', 'dark'] as const) {
        const page = await stage.open('#/', { colorScheme });
        const look = async (where: string) => {
          const all = await violations(page, colorScheme === 'dark' ? colours : undefined);
          found.push(...all.map((each) => `${where}, ${colorScheme}: ${each}`));
        };
        for (const [hash] of views) {
          await visit(page, hash);
          await look(hash);
        }
        await visit(page, '#/devices');
        await page.getByRole('button', { name: 'Log out HD0001' }).click();
        await page.getByRole('dialog').waitFor();
        await look('a question');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByRole('heading', { name: 'Sign in' }).waitFor();
        await look('signing in');
      }
      assert.equal(found, []);
    },
    { desks: 3 },
  );

  browserTest(test, 'speaks German, and fits on a screen of 360 pixels in the dark', async (stage) => {
    await live(stage);
    const page = await stage.open('#/', { viewport: { width: 360, height: 740 } });
    await page.getByRole('button', { name: 'Menu' }).click();
    await page.getByLabel('Language').selectOption('Deutsch');
    await page.getByLabel('Farben').selectOption('Dunkel');
    const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
    assert.is(ground, 'rgb(20, 23, 27)');
    for (const [hash, heading] of views) {
      await visit(page, hash, heading);
      const width = await page.evaluate('document.documentElement.scrollWidth');
      assert.ok((width as number) <= 360, `${hash} is ${width} pixels wide`);
      const said = (await page.locator('body').textContent()) ?? '';
      assert.not.match(said, /\b(Overview|Phones|Users|Save|Search|Remove|Nobody|Log out)\b/, hash);
    }
    await visit(page, '#/users/new');
    const send = page.getByRole('button', { name: 'Benutzer anlegen' });
    for (const [label, typed, said] of [
      ['Nebenstelle', '101', '„101“ gibt es schon'],
      ['Nebenstelle', '112', '112 ist eine Notrufnummer von berlin'],
    ] as const) {
      await page.getByLabel(label).fill(typed);
      await page.getByLabel('Name').fill('Eva');
      await page.getByLabel('PIN').fill('480915');
      await send.click();
      await page.getByText(said).waitFor();
    }
    assert.is(await page.locator('[role=alert] [lang=en]').count(), 0);
    await visit(page, '#/devices/HD0001');
    await page.getByText('weil sich dort jemand anderes angemeldet hat').first().waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Was hier geschah' }).waitFor();
    assert.is(await page.evaluate('document.documentElement.lang'), 'de', 'it is remembered');
  });

  browserTest(test, 'shows hostile names as the text they are', async (stage) => {
    const { world, open } = stage;
    const markup = '<img src=x onerror="window.hit = 1"><b>x</b>';
    const arabic = 'שלום אבג (ואדמין)';
    const long = 'M'.repeat(300);
    const csv = [
      'extension,name',
      `300,"${markup.replaceAll('"', '""')}"`,
      `301,${arabic}`,
      '302,"{{7*7}} javascript:hit()"',
    ].join('\n');
    const headers = {
      authorization: `Bearer ${world.token}`,
      'content-type': 'text/csv',
      connection: 'close',
    };
    const answer = await fetch(`${world.controller.api}/import?noun=users`, {
      method: 'POST',
      headers,
      body: csv,
    });
    assert.is(((await answer.json()) as { saved: boolean }).saved, true);

    const config = await fetch(`${await world.url('HD0001')}${macOf('HD0001')}.cfg`, {
      headers: { connection: 'close' },
    });
    const [, password = ''] = /^account\.1\.password *= *(\S+)/m.exec(await config.text()) ?? [];
    const raw = await openRawPhone(world.sip);
    world.defer(raw.close);
    const said = `${markup} ${long}`;
    const registered = await raw.register({ username: 'HD0001', password, userAgent: said });
    assert.is(statusOf(registered), 200);
    await world.ask('POST', '/sessions', { device: 'HD0001', extension: '300' });

    const page = await open('#/users');
    await page.getByRole('link', { name: `${markup} 300` }).waitFor();
    assert.is(await page.locator('bdi', { hasText: arabic }).count(), 1);
    await page.getByRole('link', { name: /\{\{7\*7\}\} javascript:/ }).waitFor();
    for (const hash of ['#/', '#/devices', '#/users/300', '#/users/300/keys', '#/history', '#/audit']) {
      await visit(page, hash);
    }
    await visit(page, '#/devices/HD0001');
    const registeredAs = page.getByText(markup).first();
    await registeredAs.waitFor();
    for (const width of [1200, 360]) {
      await page.setViewportSize({ width, height: 800 });
      assert.ok(
        ((await page.evaluate('document.documentElement.scrollWidth')) as number) <= width,
        `${width}`,
      );
    }
    assert.is(await page.locator('img, b').count(), 0, 'no markup came of it');
    assert.is(await page.evaluate('window.hit'), undefined);
  });
});
