/**
 * Writes docs/screenshots/*.png: the page as an admin of a small company sees
 * it, with a real controller, agent and phones behind it.
 *
 *     npm run build && npx tsx test/e2e/screenshots.ts
 */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BrowserContextOptions, Page } from 'playwright-core';
import type { Change } from '#controller/model/ports.ts';
import { until } from '#test/support/until.ts';
import { onStage, openBrowser, type Stage } from './page-browser.ts';
import { inWorld } from './world.ts';

const folder = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));

const hourMs = 3_600_000;

/** Days before this one, at the desks that will be there. */
const seed = ['HD0001', 'HD0002', 'HD0003'].map((device, index): Change => {
  const begun = Date.now() - 23 * hourMs;
  const days = [0, 1, 2].map((nth) => ({
    at: begun + (index + 7 * nth) * hourMs,
    extension: String(101 + ((index + nth) % 5)),
  }));
  const events = days.flatMap(({ at, extension }) => [
    { at, type: 'login' as const, extension, how: 'dial' },
    {
      at: at + (4 + index) * hourMs,
      type: 'logout' as const,
      extension,
      how: index === 1 ? 'limit' : 'key',
      ...(index === 1 && { reason: 'longest' }),
    },
  ]);
  return { type: 'put', collection: 'deskEvents', value: { device, events } };
});

const names = ['Anna Berger', 'Ben Krause', 'Carla Neumann', 'David Öztürk', 'Eva Lindner', 'Fatima Saleh'];
const people = names.map((name, index) => ({ extension: String(100 + index), name, pin: `48${index}915` }));
const keys = [
  ...people.slice(1).map(({ extension, name }) => ({ type: 'blf', value: extension, label: name })),
  { type: 'none' },
  { type: 'speeddial', value: '0301234567', label: 'Reception' },
  { type: 'park', value: '*68', label: 'Park' },
];
const place = {
  ...{ callerId: '+493012345', country: 'DE', A3: 'Berlin', PC: '10115' },
  ...{ RD: 'Invalidenstraße', HNO: '116' },
};

type Shot = {
  name: string;
  hash: string;
  options?: BrowserContextOptions;
  /** What is done before it is taken. */
  first?(page: Page): Promise<void>;
};

const shots: readonly Shot[] = [
  { name: 'overview', hash: '#/' },
  { name: 'overview-dark-german', hash: '#/', options: { colorScheme: 'dark', locale: 'de-DE' } },
  { name: 'phones', hash: '#/devices' },
  { name: 'phones-360', hash: '#/devices', options: { viewport: { width: 360, height: 740 } } },
  { name: 'why', hash: '#/devices/HD0001' },
  { name: 'add-a-phone', hash: '#/devices/new', first: addPhone },
  { name: 'users', hash: '#/users' },
  { name: 'keys', hash: '#/users/100/keys' },
  { name: 'site', hash: '#/sites/berlin' },
  { name: 'history', hash: '#/history' },
  { name: 'import', hash: '#/users/import', first: importUsers },
  { name: 'calls', hash: '#/calls' },
  { name: 'pbx', hash: '#/upstreams/telco' },
];

async function addPhone(page: Page): Promise<void> {
  await page.getByLabel('Find the model').fill('snom d78');
  await page.getByRole('radio', { name: /D785/ }).check();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByLabel('MAC address').fill('00:04:13:7a:00:21');
  await page.getByText('An address of snom').waitFor();
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('button', { name: 'Add a phone' }).click();
  await page.getByLabel('Setting URL').waitFor();
}

async function importUsers(page: Page): Promise<void> {
  const rows = ['200,Greta Holm,7412', '201,Hans Ivo,1111', '100,Anna Berger-Wolf,', '102,Carla Neumann,'];
  const buffer = Buffer.from(['extension,name,pin', ...rows, ''].join('\n'));
  await page.getByLabel('Choose a file').setInputFiles({ name: 'users.csv', mimeType: 'text/csv', buffer });
  await page.getByText('cannot be imported').waitFor();
}

async function live({ world }: Stage): Promise<void> {
  const { ask } = world;
  await ask('PATCH', '/sites/berlin', { place });
  await ask('POST', '/sites', {
    id: 'wien',
    timeZone: 'Europe/Vienna',
    emergencyNumbers: ['112', '144'],
    language: 'de',
  });
  await ask('PATCH', '/users/100', { keys });
  await ask('PATCH', '/users/105', { hotdesk: false });
  await ask('POST', '/upstreams', {
    ...{
      id: 'telco',
      mode: 'trunk',
      addresses: [world.gateway.phone.sip],
      numbers: ['0'],
      calledPrefix: '+493012345',
    },
    ...{
      authentication: 'digest',
      username: 'customer1',
      secret: 'of the trunk',
      local: { address: '127.0.0.1', port: 0 },
    },
  });
  const desks = [];
  for (const id of ['HD0001', 'HD0002', 'HD0003']) desks.push(await world.desk(id));
  const logins = [
    ['HD0001', '103'],
    ['HD0001', '100'],
    ['HD0002', '101'],
    ['HD0003', '102'],
  ];
  for (const [device, extension] of logins) await ask('POST', '/sessions', { device, extension });
  for (const id of ['HD0001', 'HD0002', 'HD0003']) await world.changedOver(id);
  // One call that is over, and one that goes on.
  const [first, second] = desks;
  for (const isOver of [true, false]) {
    const [from, to] = [first?.mark(), second?.mark()];
    first?.phone.call('101');
    await second?.saw('incoming', {}, to);
    second?.phone.answer();
    await first?.saw('answered', {}, from);
    if (!isOver) continue;
    first?.phone.hangUp();
    await second?.saw('ended', {}, to);
  }
}

await mkdir(folder, { recursive: true });
const { browser, close } = await openBrowser();
await inWorld(
  async (world) =>
    await onStage(world, browser, async (stage) => {
      await live(stage);
      for (const { name, hash, options, first } of shots) {
        const page = await stage.open(hash, { viewport: { width: 1240, height: 800 }, ...options });
        await page.getByRole('heading', { level: 1 }).waitFor();
        await until(
          `${name} is there`,
          async () => !(await page.getByText(/^(Loading|Wird geladen)/).count()),
        );
        await first?.(page);
        await page.waitForLoadState('networkidle').catch(() => {}); // the line of events stays open
        await page.screenshot({ path: join(folder, `${name}.png`) });
        process.stderr.write(`${name}.png\n`);
        await page.close();
      }
    }),
  { desks: 4, people, seed },
);
await close();
