import { mkdir } from 'node:fs/promises';
import { until } from '#test/support/until.ts';
import { onStage, openBrowser } from './page-browser.ts';
import { inWorld } from './world.ts';

const only = process.argv[2] ?? '';
const hashes = [
  '#/',
  '#/devices',
  '#/devices/HD0001',
  '#/devices/new',
  '#/devices/import',
  '#/users',
  '#/users/new',
  '#/users/100',
  '#/users/100/keys',
  '#/users/import',
  '#/sites',
  '#/sites/new',
  '#/sites/berlin',
  '#/upstreams',
  '#/upstreams/new',
  '#/upstreams/pbx',
  '#/calls',
  '#/history',
  '#/audit',
  '#/settings',
  '#/settings/webhooks',
  '#/settings/prompts',
  '#/settings/backup',
  '#/account',
];
const { browser, close } = await openBrowser();
const names = ['Anna Berger', 'Ben Krause', 'Carla Neumann', 'David Öztürk', 'Eva Lindner', 'Fatima Saleh'];
await inWorld(
  async (world) =>
    await onStage(world, browser, async (stage) => {
      const { ask } = world;
      await ask('PATCH', '/sites/berlin', {
        place: {
          callerId: '+493012345',
          country: 'DE',
          A3: 'Berlin',
          PC: '10115',
          RD: 'Invalidenstraße',
          HNO: '116',
        },
      });
      await ask('POST', '/sites', {
        id: 'wien',
        timeZone: 'Europe/Vienna',
        emergencyNumbers: ['112', '144'],
        language: 'de',
      });
      await ask('POST', '/upstreams', {
        id: 'pbx',
        mode: 'register',
        addresses: [
          { address: '127.0.0.1', port: 9 },
          { address: '127.0.0.2', port: 9 },
        ],
        numbers: ['0', '200-299'],
        local: { address: '127.0.0.1', port: 0 },
      });
      await ask('POST', '/upstreams', {
        id: 'trunk',
        mode: 'trunk',
        addresses: [{ address: '127.0.0.1', port: 9 }],
        authentication: 'digest',
        username: 'c1',
        secret: 'x',
        defaultRoute: true,
        local: { address: '127.0.0.1', port: 0 },
      });
      await ask('PUT', '/users/100/upstream', { id: 'pbx', user: '100', secret: 'abc' });
      await ask('PATCH', '/sites/berlin', {
        emergencyContacts: ['https://alarm.example/x'],
        emergencyRoutes: [{ type: 'gateway' }, { type: 'upstream', upstream: 'trunk' }],
      });
      await ask('POST', '/webhooks', {
        url: 'https://hooks.example/hotdesk',
        events: ['login', 'logout', 'emergency'],
      });
      for (const id of ['HD0001', 'HD0002', 'HD0003']) await world.desk(id);
      for (const [device, extension] of [
        ['HD0001', '103'],
        ['HD0001', '100'],
        ['HD0002', '101'],
      ])
        await ask('POST', '/sessions', { device, extension });
      for (const id of ['HD0001', 'HD0002']) await world.changedOver(id);
      for (const [locale, width] of [
        ['en-GB', 1280],
        ['en-GB', 360],
        ['de-DE', 360],
        ['de-DE', 1280],
      ] as const) {
        const dir = `/tmp/page-shots/${locale.slice(0, 2)}-${width}`;
        if (only !== '' && !dir.endsWith(only) && !only.includes('#')) continue;
        await mkdir(dir, { recursive: true });
        const page = await stage.open('#/', { viewport: { width, height: 800 }, locale });
        for (const hash of hashes) {
          if (only.includes('#') && !only.split(',').includes(hash)) continue;
          await page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
          await page.getByRole('heading', { level: 1 }).waitFor();
          await until(hash, async () => !(await page.getByText(/^(Loading|Wird geladen)/).count()));
          await new Promise((r) => setTimeout(r, 250));
          const w = (await page.evaluate('document.documentElement.scrollWidth')) as number;
          if (w > width) process.stderr.write(`${hash} is ${w} wide at ${width} ${locale}\n`);
          await page.screenshot({
            path: `${dir}/${hash.slice(2).replaceAll('/', '_') || 'overview'}.png`,
            fullPage: true,
          });
        }
        await page.close();
      }
    }),
  { desks: 4, people: names.map((name, i) => ({ extension: String(100 + i), name, pin: `48${i}915` })) },
);
await close();
