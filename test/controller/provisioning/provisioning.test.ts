import * as assert from 'uvu/assert';
import { yealink } from '#agent/phone/yealink.ts';
import { createKeys } from '#controller/keys.ts';
import { type Device, site } from '#controller/model/model.ts';
import type { RelayedAnswer, RelayedRequest } from '#controller/model/ports.ts';
import { createAdoption } from '#controller/provisioning/adoption.ts';
import { createProvisioning, type Refusal } from '#controller/provisioning/provisioning.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';
import { openFactory } from '#test/support/factory.ts';
import { createMemoryStore } from '#test/support/memory-store.ts';
import { readConfig } from '#test/support/read-config.ts';

const keys = createKeys(new Uint8Array(32));
const [mine, other, foreign] = ['001565aabb01', '001565aabb02', '001565aabb03'] as const;
const token = keys.configToken(mine);
const factory = await openFactory();
const certificates = new Map<string, string>();
for (const mac of [mine, other]) certificates.set(mac, (await factory.makePhone(`CN=${mac}`)).der);
const certificateOf = (mac: string) => certificates.get(mac) ?? '';

describe('provisioning', (test) => {
  // biome-ignore format: a table
  const files = [
    { name: 'own boot file',       file: `${mine}.boot` },
    { name: 'zero MAC boot file',  file: 'y000000000000.boot' },
  ];
  for (const { name, file } of files) {
    test(`${name} includes the phone's own file`, async () => {
      assert.equal(yealink.parse(textOf(await world().get(file)), file).includes, [`${mine}.cfg`]);
    });
  }

  test('own file: the config, with its ETag, told as fetched', async () => {
    const { get, fetched, provisioning } = world();
    const answer = await get(`${mine}.cfg`);
    assert.is(answer.status, 200);
    assert.is(answer.headers['cache-control'], 'no-store');
    assert.is(answer.headers.etag, provisioning.etagOf('HD0001'));
    assert.is(answer.headers['content-length'], String(answer.body.length));
    assert.is(readConfig(yealink, textOf(answer)).settings.get('account.1.user_name'), 'HD0001');
    assert.equal(fetched, [`HD0001 ${answer.headers.etag}`]);
  });

  test('capital letters in the file name are the same phone', async () => {
    assert.is((await world().get(`${mine.toUpperCase()}.cfg`)).status, 200);
  });

  test('the model’s common file is valid and empty', async () => {
    const { get, fetched } = world();
    const answer = await get('y000000000066.cfg');
    assert.is(readConfig(yealink, textOf(answer)).settings.size, 0);
    assert.equal(fetched, []);
  });

  for (const file of ['F0V0X5U00000.cfg', 'F00000000000.cfg']) {
    test(`a Fanvil’s ${file}: there is none, and that is no refusal`, async () => {
      const { ask, get, provisioning, store, fetched } = world();
      const device = store.get('devices', 'HD0001');
      assert.ok(device);
      const value = { ...device, vendor: 'fanvil', model: 'X5U' };
      await store.commit([{ type: 'put', collection: 'devices', value }]);
      const reference = await ask({ path: '/' });
      const refused = { ...provisioning.counters.refused };
      assert.equal(await get(file), { ...reference, status: 410 });
      assert.equal(provisioning.counters.refused, refused);
      assert.is(provisioning.counters.absent, 1);
      assert.equal(fetched, []);
    });
  }

  test('HEAD: the headers alone, and nothing fetched', async () => {
    const { get, fetched } = world();
    const answer = await get(`${mine}.cfg`, { method: 'HEAD' });
    assert.is(answer.status, 200);
    assert.is(answer.body.length, 0);
    assert.ok(Number(answer.headers['content-length']) > 1000);
    assert.equal(fetched, []);
  });

  for (const form of ['TAG', 'W/TAG', '"x", TAG', '*']) {
    test(`If-None-Match: ${form} is 304, and the phone has it`, async () => {
      const { get, fetched, provisioning } = world();
      const etag = provisioning.etagOf('HD0001') ?? '';
      const answer = await get(`${mine}.cfg`, { headers: { 'if-none-match': form.replace('TAG', etag) } });
      assert.is(answer.status, 304);
      assert.is(answer.headers.etag, etag);
      assert.is(answer.body.length, 0);
      assert.equal(fetched, [`HD0001 ${etag}`]);
    });
  }

  test('the ETag of what was: with the user, site and device before their edits', async () => {
    const { store, provisioning } = world();
    const user = { extension: '100', name: 'Anna', hotdesk: true, keys: [] };
    const session = { device: 'HD0001', extension: '100', since: 1, how: 'dial' } as const;
    await store.commit([
      { type: 'put', collection: 'users', value: user },
      { type: 'put', collection: 'sessions', value: session },
    ]);
    const device = store.get('devices', 'HD0001');
    const site = device && store.get('sites', device.site);
    assert.ok(device && site);
    const etag = provisioning.etagOf('HD0001');
    const language = site.language === 'de' ? 'en' : 'de';
    await store.commit([{ type: 'put', collection: 'users', value: { ...user, name: 'Anna B' } }]);
    assert.is(provisioning.etagOf('HD0001', { user }), etag);
    await store.commit([{ type: 'put', collection: 'sites', value: { ...site, language } }]);
    assert.is.not(provisioning.etagOf('HD0001', { user }), etag);
    assert.is(provisioning.etagOf('HD0001', { user, site }), etag);
    await store.commit([{ type: 'put', collection: 'devices', value: { ...device, generation: 2 } }]);
    assert.is.not(provisioning.etagOf('HD0001', { user, site }), etag);
    assert.is(provisioning.etagOf('HD0001', { user, site, device }), etag);
  });

  test('a login changes the ETag', async () => {
    const { store, provisioning, get } = world();
    const idle = provisioning.etagOf('HD0001') ?? '';
    await store.commit([
      {
        type: 'put',
        collection: 'users',
        value: { extension: '100', name: 'Anna', hotdesk: true, keys: [] },
      },
      {
        type: 'put',
        collection: 'sessions',
        value: { device: 'HD0001', extension: '100', since: 1, how: 'dial' },
      },
    ]);
    const answer = await get(`${mine}.cfg`, { headers: { 'if-none-match': idle } });
    assert.is(answer.status, 200);
    assert.is(readConfig(yealink, textOf(answer)).settings.get('account.1.label'), '100 Anna');
  });

  // biome-ignore format: a table
  const refused: { name: string; path?: string; request?: Partial<RelayedRequest>; why: Refusal }[] = [
    { name: 'a wrong token',                 path: `/p/${'A'.repeat(22)}/${mine}.cfg`,               why: 'token' },
    { name: 'no token',                      path: `/p/${mine}.cfg`,                                 why: 'path' },
    { name: 'its bare file',                 path: `/${mine}.cfg`,                                   why: 'window' },
    { name: 'a token cut short',             path: `/p/${token.slice(1)}/${mine}.cfg`,               why: 'path' },
    { name: 'another site’s agent',          request: { site: 'paris' },                             why: 'site' },
    { name: 'another site’s device',         path: `/p/${keys.configToken(foreign)}/${foreign}.cfg`, why: 'site' },
    { name: 'another device’s file',         path: `/p/${token}/${other}.cfg`,                       why: 'mac' },
    { name: 'another device’s boot file',    path: `/p/${token}/${other}.boot`,                      why: 'mac' },
    { name: 'a neighbour with another MAC',  request: { mac: other },                                why: 'neighbour' },
    { name: 'a wrong password',              request: { headers: { authorization: 'Basic SEQwMDAxOng=' } }, why: 'credential' },
    { name: 'a certificate of another phone', request: { certificate: certificateOf(other) },        why: 'certificate' },
    { name: 'an unknown file',               path: `/p/${token}/passwd`,                             why: 'file' },
    { name: 'traversal',                     path: `/p/${token}/../../etc/passwd`,                   why: 'path' },
    { name: 'traversal in escapes',          path: `/p/${token}/%2e%2e%2fpasswd`,                    why: 'path' },
    { name: 'a query',                       path: `/p/${token}/${mine}.cfg?x`,                      why: 'path' },
    { name: 'a folder',                      path: `/p/${token}/`,                                   why: 'path' },
    { name: 'a path without end',            path: `/p/${token}/${'a'.repeat(70_000)}`,              why: 'path' },
    { name: 'nothing',                       path: '',                                               why: 'path' },
  ];
  for (const { name, path = `/p/${token}/${mine}.cfg`, request = {}, why } of refused) {
    test(`${name}: the same 404 as for all, counted`, async () => {
      const { provisioning, ask, fetched } = world();
      const reference = await ask({ path: '/' });
      const before = provisioning.counters.refused[why];
      const answer = await ask({ path, ...request });
      assert.is(answer.status, 404);
      assert.equal(answer.headers, reference.headers);
      assert.equal(answer.body, reference.body);
      assert.is(provisioning.counters.refused[why], before + 1);
      assert.equal(fetched, []);
    });
  }

  test('by its MAC address alone: once, in a window, and then by its token', async () => {
    const { ask, adoption, provisioning, fetched, clock } = world();
    const bare = (path: string, more: Partial<RelayedRequest> = {}) => ask({ path, ...more });
    assert.is((await bare(`/${mine}.cfg`)).status, 404);
    adoption.open({ site: 'berlin' }, 10);
    assert.is((await bare(`/${mine}.boot`)).status, 200);
    assert.is((await bare(`/${mine}.cfg`, { method: 'HEAD' })).status, 200);
    assert.is((await bare(`/${mine}.cfg`, { certificate: certificateOf(other) })).status, 404);
    assert.equal([fetched, adoption.of({ site: 'berlin' })?.adopted], [[], []], 'nobody has anything yet');
    const answer = await bare(`/${mine.toUpperCase()}.cfg`, { headers: { range: 'bytes=0-9' } });
    assert.is(answer.status, 200);
    const { settings } = readConfig(yealink, textOf(answer));
    assert.is(settings.get('static.auto_provision.server.url'), provisioning.urlOf('HD0001'));
    assert.equal(fetched, [`HD0001 ${answer.headers.etag}`]);
    assert.equal(adoption.of({ site: 'berlin' })?.adopted, ['HD0001']);
    assert.equal(await bare(`/${mine}.cfg`), await ask({ path: '/' }), 'and not a second time');
    assert.is((await bare(`/${other}.cfg`)).status, 200);
    assert.is((await bare(`/${foreign}.cfg`)).status, 404);
    adoption.open({ site: 'berlin' }, 10);
    clock.advance(10 * 60_000);
    assert.is((await bare(`/${mine}.cfg`)).status, 404);
    assert.is(provisioning.counters.refused.window, 3);
  });

  test('the device’s own credential is served, an old nonce asked anew', async () => {
    const { get, provisioning } = world();
    const basic = Buffer.from(`HD0001:${keys.sipSecret('HD0001', 1)}`).toString('base64');
    assert.is((await get(`${mine}.cfg`, { headers: { authorization: `Basic ${basic}` } })).status, 200);
    const authorization = `Digest username="HD0001", realm="hotdesk", nonce="old", uri="/", response="x"`;
    const asked = await get(`${mine}.cfg`, { headers: { authorization } });
    assert.is(asked.status, 401);
    assert.match(asked.headers['www-authenticate'] ?? '', /^Digest .*stale=true/);
    assert.is(provisioning.counters.challenged, 1);
  });

  test('half of the file is not the file; its other half is', async () => {
    const { get, fetched } = world();
    assert.is((await get(`${mine}.cfg`, { headers: { range: 'bytes=0-99' } })).status, 206);
    assert.equal(fetched, []);
    assert.is((await get(`${mine}.cfg`, { headers: { range: 'bytes=100-' } })).status, 206);
    assert.is(fetched.length, 1);
  });

  // biome-ignore format: a table
  const agents: [userAgent: string | undefined, odd: RegExp | undefined][] = [
    ['Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:01', undefined],
    ['Yealink SIP-T46S 66.86.0.15',                   undefined],
    ['Yealink SIP-T46S 66.86.0.15 00:15:65:aa:bb:02', /says another MAC/],
    ['Yealink SIP-T48U 108.86.0.15',                  /calls itself a T48U \(yealink\) and is set up as a T46S/],
    ['curl/8.0',                                      /no phone that we know/],
    [undefined,                                       /does not say what it is/],
  ];
  for (const [userAgent, odd] of agents) {
    test(`asked by ${userAgent}: served, ${odd === undefined ? 'as usual' : 'and told as odd'}`, async () => {
      const { get, provisioning, clock } = world();
      const headers: Record<string, string> = userAgent === undefined ? {} : { 'user-agent': userAgent };
      assert.is((await get(`${mine}.cfg`, { headers })).status, 200);
      const asker = provisioning.askerOf('HD0001');
      assert.equal([asker?.userAgent, asker?.at], [userAgent ?? '', clock.wall()]);
      if (odd === undefined) assert.is(asker?.odd, undefined);
      else assert.match(asker?.odd ?? '', odd);
      assert.is(provisioning.counters.oddUserAgent, odd === undefined ? 0 : 1);
    });
  }

  test('who asked is forgotten with the phone', async () => {
    const { get, provisioning, store } = world();
    await get(`${mine}.cfg`);
    await store.commit([{ type: 'put', collection: 'devices', value: device('HD0001', '001565aabb77') }]);
    assert.is(provisioning.askerOf('HD0001'), undefined);
  });

  test('a certificate of the phone: verified by the site’s CAs, else only counted', async () => {
    const { get, provisioning, store } = world();
    const request = { certificate: certificateOf(mine) };
    assert.is((await get(`${mine}.cfg`, request)).status, 200);
    assert.equal(provisioning.counters.certificates, { verified: 0, unverified: 1 });
    const value = site.parse({ id: 'berlin', phoneCas: factory.ca });
    await store.commit([{ type: 'put', collection: 'sites', value }]);
    assert.is((await get(`${mine}.cfg`, request)).status, 200);
    assert.is((await get(`${mine}.cfg`, { certificate: 'bm90aGluZw==' })).status, 200);
    assert.equal(provisioning.counters.certificates, { verified: 1, unverified: 2 });
  });

  test('two that ask at once by the same MAC: one has the config', async () => {
    const { ask, adoption } = world();
    adoption.open({ device: 'HD0001' }, 10);
    const answers = await Promise.all([1, 2, 3].map(() => ask({ path: `/${mine}.cfg` })));
    assert.equal(answers.map(({ status }) => status).sort(), [200, 404, 404]);
  });

  test('a device added later is found, a removed one no more, a new MAC has a new token', async () => {
    const { store, ask } = world();
    const late = device('HD0009', '001565aabb09');
    const get = (mac: string) => ask({ path: `/p/${keys.configToken(mac)}/${mac}.cfg` });
    assert.is((await get(late.mac)).status, 404);
    await store.commit([{ type: 'put', collection: 'devices', value: late }]);
    assert.is((await get(late.mac)).status, 200);
    await store.commit([{ type: 'put', collection: 'devices', value: { ...late, mac: '001565aabb0a' } }]);
    assert.is((await get(late.mac)).status, 404);
    assert.is((await get('001565aabb0a')).status, 200);
    await store.commit([{ type: 'delete', collection: 'devices', id: 'HD0009' }]);
    assert.is((await get('001565aabb0a')).status, 404);
  });

  test('before the agent told where it listens: 503, for the right token only', async () => {
    const { get, ask, provisioning } = world({ isKnown: false });
    assert.is((await get(`${mine}.cfg`)).status, 503);
    assert.is((await ask({ path: `/p/${'A'.repeat(22)}/${mine}.cfg` })).status, 404);
    assert.is(provisioning.etagOf('HD0001'), undefined);
    assert.is(provisioning.urlOf('HD0001'), undefined);
  });

  test('the CA of the site is under the same token, and under no other', async () => {
    const { ask, store } = world();
    const answer = await ask({ path: `/p/${token}/site-ca.crt` });
    assert.is(answer.status, 200);
    assert.is(Buffer.from(answer.body).toString(), '-----CA of berlin-----\n');
    assert.is((await ask({ path: `/p/${'A'.repeat(22)}/site-ca.crt` })).status, 404);
    assert.is((await ask({ path: `/p/${token}/site-ca.crt`, site: 'paris' })).status, 404);
    await store.commit([{ type: 'delete', collection: 'devices', id: 'HD0001' }]);
    assert.is((await ask({ path: `/p/${token}/site-ca.crt` })).status, 404);
  });

  test('a site whose agent takes no TLS yet: 503, not UDP', async () => {
    const { get, store } = world();
    const value = site.parse({ id: 'berlin', transport: 'tls' });
    await store.commit([{ type: 'put', collection: 'sites', value }]);
    assert.is((await get(`${mine}.cfg`)).status, 503);
  });

  test('the URL to type in', () => {
    assert.is(world().provisioning.urlOf('HD0001'), `http://192.0.2.7:8080/p/${token}/`);
  });
});

function world({ isKnown = true } = {}) {
  const fetched: string[] = [];
  const store = createMemoryStore([
    { type: 'put', collection: 'sites', value: site.parse({ id: 'berlin' }) },
    { type: 'put', collection: 'sites', value: site.parse({ id: 'paris' }) },
    { type: 'put', collection: 'devices', value: device('HD0001', mine) },
    { type: 'put', collection: 'devices', value: device('HD0002', other) },
    { type: 'put', collection: 'devices', value: device('HD0003', foreign, 'paris') },
  ]);
  const addresses = {
    sip: { address: '192.0.2.7', port: 5060 },
    http: { address: '192.0.2.7', port: 8080 },
  };
  const clock = createFakeClock();
  const adoption = createAdoption({ store, clock });
  const provisioning = createProvisioning({
    store,
    keys,
    log: { info() {}, debug() {} },
    changeOvers: { fetched: (id, etag) => fetched.push(`${id} ${etag}`) },
    addressesOf: () => (isKnown ? addresses : undefined),
    certificateOf: (id) => Promise.resolve(`-----CA of ${id}-----\n`),
    adoption,
    clock,
  });
  const ask = (request: Partial<RelayedRequest>): Promise<RelayedAnswer> =>
    provisioning.answer({
      agent: 'a'.repeat(16),
      site: 'berlin',
      method: 'GET',
      path: '/',
      headers: {},
      remote: { address: '192.0.2.20', port: 40_000 },
      ...request,
    });
  const get = (file: string, request: Partial<RelayedRequest> = {}) =>
    ask({ path: `/p/${token}/${file}`, ...request });
  return { store, provisioning, ask, get, fetched, adoption, clock };
}

function device(id: string, mac: string, at = 'berlin'): Device {
  return { id, mac, vendor: 'yealink', model: 'T46S', site: at, generation: 1, confirmedGeneration: 0 };
}

const textOf = ({ body }: RelayedAnswer) => Buffer.from(body).toString();
