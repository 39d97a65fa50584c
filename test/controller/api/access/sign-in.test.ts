import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import * as assert from 'uvu/assert';
import { Attempts } from '#controller/api/access/attempts.ts';
import { createSignIn, newSetupLink } from '#controller/api/access/sign-in.ts';
import { SignIns } from '#controller/api/access/sign-ins.ts';
import { createApp } from '#controller/api/app.ts';
import { createKeys } from '#controller/keys.ts';
import { openStore } from '#controller/store/store.ts';
import { createApiWorld } from '#test/controller/api/world.ts';
import { createFakeClock } from '#test/support/clock.ts';
import { describe } from '#test/support/describe.ts';

const host = 'hotdesk.example:8480';
const secure = { host, origin: `https://${host}` };
const password = 'correct horse battery';
const hour = 3_600_000;

type Answer = {
  status: number;
  json: Record<string, unknown>;
  text: string;
  cookie?: string;
  headers: Headers;
};

/** A page over TLS, and the account `anna` with that role. */
async function createDoor(role = 'owner') {
  const world = createApiWorld({ access: { type: 'token', hosts: new Set([host]), isSecure: true } });
  const { app, deps, store } = world;
  const passwordHash = await deps.passwords.hash(password);
  const value = { name: 'anna', role, passwordHash, createdAt: 0 } as never;
  await store.commit([{ type: 'put', collection: 'accounts', value }]);

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    headers: object = secure,
  ): Promise<Answer> {
    const answer = await app.request(`/api/v1${path}`, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const set = answer.headers.get('set-cookie');
    return {
      ...{ status: answer.status, text, headers: answer.headers },
      json: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
      ...(set !== null && { cookie: set.split(';')[0] ?? '' }),
    };
  }
  async function signIn(more: object = {}) {
    return await ask('POST', '/sign-in', { name: 'anna', password, ...more });
  }
  /** Signed in: what a browser would send from then on. */
  async function browser() {
    const { cookie = '' } = await signIn();
    return { ...secure, cookie };
  }
  return { ...world, ask, signIn, browser };
}

describe('sign-in', (test) => {
  test('name and password give a cookie that no script reads and no other page sends', async () => {
    const { ask, signIn } = await createDoor();
    const { status, headers, json, cookie = '' } = await signIn({ name: ' ANNA' });
    assert.is(status, 200);
    assert.match(
      headers.get('set-cookie') ?? '',
      /^__Host-hotdesk=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
    assert.equal(json, { name: 'anna', role: 'owner', hasTotp: false });
    const me = await ask('GET', '/me', undefined, { host, cookie });
    assert.equal(me.json, json);
  });

  test('over plain loopback the cookie says less', async () => {
    const { deps, store } = await createDoor();
    const app = createApp({ ...deps, access: { type: 'token', hosts: new Set(['127.0.0.1:8480']) } });
    assert.ok(store.get('accounts', 'anna'));
    const answer = await app.request('/api/v1/sign-in', {
      method: 'POST',
      headers: { host: '127.0.0.1:8480', 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'anna', password }),
    });
    assert.match(
      answer.headers.get('set-cookie') ?? '',
      /^hotdesk=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/,
    );
  });

  test('no such account and a wrong password are one answer', async () => {
    const { ask } = await createDoor();
    const wrong = await ask('POST', '/sign-in', { name: 'anna', password: 'x' });
    const nobody = await ask('POST', '/sign-in', { name: 'berta', password: 'x' });
    const odd = await ask('POST', '/sign-in', { name: '<img>', password: 'x' });
    assert.is(wrong.status, 401);
    assert.is(nobody.text, wrong.text);
    assert.is(odd.text, wrong.text);
    assert.is(wrong.cookie, undefined);
  });

  test('extension and PIN make a user, who reaches what is his and nothing else', async () => {
    const { ask } = await createDoor();
    const { json, cookie = '' } = await ask('POST', '/sign-in', { extension: '100', pin: '482915' });
    assert.equal(json, { name: 'Anna', role: 'user', extension: '100' });
    const headers = { ...secure, cookie };
    assert.is((await ask('PUT', '/users/100/layout', { keys: [] }, headers)).status, 200);
    assert.is((await ask('PUT', '/users/101/layout', { keys: [] }, headers)).status, 404);
    assert.is((await ask('PATCH', '/users/100', { hotdesk: true }, headers)).status, 403);
    const wrong = await ask('POST', '/sign-in', { extension: '100', pin: '000000' });
    const nobody = await ask('POST', '/sign-in', { extension: '999', pin: '000000' });
    assert.is(wrong.status, 401);
    assert.is(nobody.text, wrong.text);
  });

  // biome-ignore format: a table
  const origins: { name: string; headers: object; status: number }[] = [
    { name: 'its own',          headers: { origin: `https://${host}` },  status: 204 },
    { name: 'none',             headers: {},                             status: 403 },
    { name: 'null',             headers: { origin: 'null' },             status: 403 },
    { name: 'another',          headers: { origin: 'https://evil.example' }, status: 403 },
    { name: 'plain HTTP',       headers: { origin: `http://${host}` },   status: 403 },
    { name: 'a longer one',     headers: { origin: `https://${host}.evil.example` }, status: 403 },
  ];
  for (const { name, headers, status } of origins) {
    test(`what a cookie changes with the Origin ${name}: ${status}`, async () => {
      const { ask, browser, store } = await createDoor();
      const { cookie } = await browser();
      assert.is((await ask('DELETE', '/users/100', undefined, { host, cookie, ...headers })).status, status);
      assert.is(store.get('users', '100') === undefined, status === 204);
      assert.is((await ask('GET', '/users', undefined, { host, cookie, ...headers })).status, 200);
    });
  }

  test('another page cannot sign anybody in either', async () => {
    const { ask } = await createDoor();
    const headers = { host, origin: 'https://evil.example' };
    assert.is((await ask('POST', '/sign-in', { name: 'anna', password }, headers)).status, 403);
  });

  // biome-ignore format: a table
  const ends: { name: string; by: (door: Awaited<ReturnType<typeof createDoor>>, headers: object) => unknown }[] = [
    { name: 'signing out',            by: ({ ask }, headers) => ask('POST', '/sign-out', undefined, headers) },
    { name: '12 hours of nothing',    by: ({ clock }) => clock.advance(12 * hour) },
    { name: 'a new password',         by: ({ ask }, headers) => ask('PUT', '/me/password', { current: password, password: 'another horse 1' }, headers) },
    { name: 'an admin',               by: ({ ask }, headers) => ask('DELETE', '/accounts/anna/sign-ins', undefined, headers) },
    { name: 'the account’s end',      by: ({ store }) => store.commit([{ type: 'delete', collection: 'accounts', id: 'anna' }]) },
  ];
  for (const { name, by } of ends) {
    test(`ends by ${name}`, async () => {
      const door = await createDoor();
      const headers = await door.browser();
      assert.is((await door.ask('GET', '/me', undefined, headers)).status, 200);
      await by(door, headers);
      assert.is((await door.ask('GET', '/me', undefined, headers)).status, 401);
    });
  }

  test('ends after 7 days, however busy', async () => {
    const { ask, browser, clock } = await createDoor();
    const headers = await browser();
    const statuses: number[] = [];
    for (let at = 11; at <= 7 * 24 + 11; at += 11) {
      clock.advance(11 * hour);
      statuses.push((await ask('GET', '/me', undefined, headers)).status);
    }
    assert.is(statuses.lastIndexOf(200), statuses.indexOf(401) - 1);
    assert.is(statuses.filter((status) => status === 200).length, Math.floor((7 * 24) / 11));
  });

  test('a restart signs nobody out and forgets no wrong try; the store has neither cookie, password nor name', async () => {
    const { ask, browser, signIn, deps, store, clock } = await createDoor();
    const headers = await browser();
    for (let nth = 0; nth < 5; nth++) await ask('POST', '/sign-in', { name: 'anna', password: 'canary' });
    const keys = createKeys(new Uint8Array(32));
    const app = createApp({ ...deps, ...createSignIn(store, keys, clock), access: deps.access });
    assert.is((await app.request('/api/v1/me', { headers })).status, 200);
    const body = JSON.stringify({ name: 'anna', password });
    const again = { ...secure, 'content-type': 'application/json' };
    assert.is((await app.request('/api/v1/sign-in', { method: 'POST', headers: again, body })).status, 429);
    assert.is((await signIn()).status, 429);
    const kept = JSON.stringify([...store.list('signIns'), ...store.list('passwordLocks')]);
    assert.not.match(kept, new RegExp(`canary|horse|scrypt|${headers.cookie.split('=')[1]}`));
    const plain = createHash('sha256').update('account anna').digest('base64url');
    assert.not.match(JSON.stringify(store.list('passwordLocks')), new RegExp(`anna|${plain}`));
  });

  test('signing out ends one, on disk; the longest unused of too many goes, and what is over is swept', async () => {
    const { store, clock } = await createDoor();
    const isOpen = new Set(['anna', 'ben']);
    const proofOf = ({ id }: { id: string }) => (isOpen.has(id) ? 'proof' : undefined);
    const signIns = new SignIns({ store, clock, proofOf, maxAll: 22 });
    const begin = async (id: string) => {
      clock.advance(1_000);
      return await signIns.begin({ type: 'account', id }, 'proof');
    };
    const tokens: string[] = [];
    for (let nth = 0; nth < 22; nth++) tokens.push(await begin('anna'));
    const found = tokens.map((token) => signIns.find(token)?.id);
    assert.equal(found.lastIndexOf(undefined), 1, 'the first two of 22');
    await signIns.end(tokens[5] ?? '');
    assert.is(signIns.find(tokens[5] ?? ''), undefined);
    for (const _ of [1, 2, 3]) await begin('ben');
    assert.is(store.list('signIns').length, 22);
    await begin('ben');
    assert.is(store.list('signIns').length, 22);
    assert.is(signIns.find(tokens[2] ?? ''), undefined);
    isOpen.delete('anna');
    await begin('ben');
    assert.is(store.list('signIns').length, 5, 'nobody is there whose account is not');
    clock.advance(12 * hour);
    await begin('ben');
    assert.is(store.list('signIns').length, 1);
  });

  test('one that is used in the moment it is ended does not come back', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'hotdesk-sign-ins-'));
    const store = await openStore({ folder, log: { info() {}, warn() {}, error() {} } });
    const clock = createFakeClock();
    const signIns = new SignIns({ store, clock, proofOf: () => 'proof' });
    const anna = { type: 'account', id: 'anna' } as const;
    const token = await signIns.begin(anna, 'proof');
    clock.advance(hour);
    const ended = signIns.endAllOf(anna); // not on disk yet
    const during = signIns.find(token);
    await ended;
    assert.equal([during, signIns.find(token), store.list('signIns')], [undefined, undefined, []]);
    await store.close();
    await rm(folder, { recursive: true });
  });

  test('wrong tries are kept for so many, and those that leaked away are swept', async () => {
    const { store, clock } = await createDoor();
    const attempts = new Attempts({ store, clock, key: new Uint8Array(32), maxKept: 12 });
    for (let nth = 0; nth < 20; nth++) {
      attempts.charge(`name ${nth}`, `192.0.2.${nth}`);
      clock.advance(1_000);
    }
    assert.ok(store.list('passwordLocks').length <= 12, String(store.list('passwordLocks').length));
    for (let nth = 0; nth < 4; nth++) attempts.charge('name 19', '192.0.2.19');
    assert.throws(() => attempts.charge('name 19', '192.0.2.19'), /too many wrong tries/);
    clock.advance(hour);
    attempts.charge('another', '198.51.100.1').right();
    assert.is(
      store.list('passwordLocks').length,
      2,
      'what was given back counts for nothing, until it is swept',
    );
  });

  test('what a role loses it loses at once', async () => {
    const { ask, browser, store } = await createDoor();
    const headers = await browser();
    const { revision: _, ...anna } = store.get('accounts', 'anna') ?? ({} as never);
    await store.commit([{ type: 'put', collection: 'accounts', value: { ...anna, role: 'readOnly' } }]);
    assert.is((await ask('POST', '/sites', { id: 'oslo' }, headers)).status, 403);
    assert.is((await ask('GET', '/sites', undefined, headers)).status, 200);
  });

  test('a few wrong ones, and the next is not looked at; a stranger keeps nobody else out', async () => {
    const { ask, deps, signIn, clock } = await createDoor();
    const hashed: string[] = [];
    const { isRight } = deps.passwords;
    deps.passwords.isRight = (typed, kept) => {
      hashed.push(typed);
      return isRight.call(deps.passwords, typed, kept);
    };
    const tries = await Promise.all(
      Array.from({ length: 100 }, () => ask('POST', '/sign-in', { name: 'anna', password: 'x' })),
    );
    assert.is(hashed.length, 5);
    assert.is(tries.filter(({ status }) => status === 429).length, 95);
    assert.is((await signIn()).status, 429);
    const elsewhere = deps.attempts.charge('anna', '192.0.2.99');
    elsewhere.right();
    clock.advance(hour);
    assert.is((await signIn()).status, 200);
  });

  test('both kinds of attempts are in the audit log, without what was typed', async () => {
    const { ask, signIn, audit } = await createDoor();
    await ask('POST', '/sign-in', { name: 'anna', password: 'canary' });
    await signIn();
    // In the wrong fields.
    await ask('POST', '/sign-in', { name: 'canary', password: 'anna' });
    await ask('POST', '/sign-in', { extension: '482915', pin: '100' });
    await ask('POST', '/sign-in', { extension: '100', pin: '482915' });
    assert.equal(
      audit.entries.map(({ who, details: { account, extension, status } = {} }) => [
        who,
        account ?? extension,
        status,
      ]),
      [
        ['nobody', 'anna', 401],
        ['anna', 'anna', 200],
        ['nobody', '?', 401],
        ['nobody', '?', 401],
        ['extension 100', '100', 200],
      ],
    );
    assert.not.match(JSON.stringify(audit.entries), /canary|horse|482915/);
  });
});

describe('second factor', (test) => {
  async function enrolled() {
    const door = await createDoor();
    const headers = await door.browser();
    const begun = await door.ask('POST', '/me/totp', { current: password }, headers);
    const app = new TOTP({ secret: Secret.fromBase32(String(begun.json.secret)) });
    const codeAt = (timestamp: number) => app.generate({ timestamp });
    const code = () => codeAt(door.clock.wall());
    assert.match(String(begun.json.uri), /^otpauth:\/\/totp\/hotdesk:anna\?/);
    assert.is((await door.signIn()).status, 200, 'not before it is confirmed');
    const confirmed = await door.ask('POST', '/me/totp/confirm', { code: code() }, headers);
    assert.is(confirmed.status, 200);
    door.clock.advance(30_000);
    return { ...door, code, codeAt, headers, recoveryCodes: confirmed.json.recoveryCodes as string[] };
  }

  test('the password alone is not enough, and says so only to who knows it', async () => {
    const { ask, signIn, code } = await enrolled();
    const missing = await signIn();
    assert.is(missing.status, 401);
    assert.is(missing.json.field, 'code');
    const wrong = await ask('POST', '/sign-in', { name: 'anna', password: 'x', code: code() });
    assert.is(wrong.json.field, undefined);
    assert.is((await signIn({ code: '000000' })).status, 401);
    assert.is((await signIn({ code: code() })).status, 200);
  });

  test('a code is taken once, and none before it', async () => {
    const { signIn, code, codeAt, clock } = await enrolled();
    assert.is((await signIn({ code: code() })).status, 200);
    assert.is((await signIn({ code: code() })).status, 401);
    assert.is((await signIn({ code: codeAt(clock.wall() - 30_000) })).status, 401);
    clock.advance(30_000);
    assert.is((await signIn({ code: code() })).status, 200);
  });

  test('two at once with one code: one', async () => {
    const { signIn, code } = await enrolled();
    const both = await Promise.all([signIn({ code: code() }), signIn({ code: code() })]);
    assert.is(both.filter(({ status }) => status === 200).length, 1);
  });

  test('a recovery code works once; none of them is kept', async () => {
    const { signIn, recoveryCodes, store, audit } = await enrolled();
    assert.is(recoveryCodes.length, 8);
    const [first = '', second = ''] = recoveryCodes;
    assert.is((await signIn({ code: first.toLowerCase() })).status, 200);
    assert.is((await signIn({ code: first })).status, 401);
    assert.is((await signIn({ code: second })).status, 200);
    const kept = JSON.stringify(store.list('accounts')) + JSON.stringify(audit.entries);
    assert.not.match(kept, first);
    assert.not.match(kept, first.replaceAll('-', ''));
  });

  test('the secret is sealed, and an admin can take it away', async () => {
    const { ask, headers, signIn, deps } = await enrolled();
    const { secret = '' } = deps.store.get('accounts', 'anna')?.totp ?? {};
    assert.is(deps.keys.unseal('account ben', secret), undefined);
    assert.is((await ask('DELETE', '/accounts/anna/totp', undefined, headers)).status, 204);
    assert.is((await signIn()).status, 200);
  });
});

describe('set-up', (test) => {
  async function fresh() {
    const world = createApiWorld({ access: { type: 'token', hosts: new Set([host]), isSecure: true } });
    const { token, change } = newSetupLink(world.clock);
    await world.store.commit([change]);
    const setUp = async (body: object) => {
      const answer = await world.app.request('/api/v1/setup', {
        method: 'POST',
        headers: { ...secure, 'content-type': 'application/json' },
        body: JSON.stringify({ token, name: 'anna', password, ...body }),
      });
      return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
    };
    return { ...world, token, setUp };
  }

  test('the link makes an owner, once', async () => {
    const { setUp, store, token } = await fresh();
    assert.is((await setUp({})).status, 201);
    assert.is(store.get('accounts', 'anna')?.role, 'owner');
    assert.is((await setUp({ name: 'ben' })).status, 401);
    assert.not.match(
      JSON.stringify([store.list('accounts'), store.list('setupLinks')]),
      new RegExp(`${token}|horse`),
    );
  });

  test('an account that was made otherwise ends it', async () => {
    const { deps, setUp } = await fresh();
    const local = createApp({ ...deps, access: { type: 'local' } });
    const made = await local.request('/api/v1/accounts', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'ben', password, role: 'owner' }),
    });
    assert.is(made.status, 201);
    assert.is((await setUp({})).status, 401);
  });

  test('two at once with one link: one', async () => {
    const { setUp, store } = await fresh();
    const both = await Promise.all([setUp({}), setUp({ name: 'ben' })]);
    assert.equal(both.map(({ status }) => status).sort(), [201, 409]);
    assert.is(store.list('accounts').length, 1);
  });

  test('not after a day, not another one, and a refused password costs it nothing', async () => {
    const { setUp, clock } = await fresh();
    assert.is((await setUp({ token: 'x'.repeat(43) })).status, 401);
    assert.is((await setUp({ password: 'short' })).json.field, 'password');
    clock.advance(24 * hour);
    assert.is((await setUp({})).status, 401);
  });
});

describe('accounts', (test) => {
  test('the last owner stays one', async () => {
    const { ask, browser } = await createDoor();
    const headers = await browser();
    assert.is((await ask('DELETE', '/accounts/anna', undefined, headers)).status, 409);
    assert.is((await ask('PATCH', '/accounts/anna', { role: 'admin' }, headers)).status, 409);
    const ben = { name: 'Ben', password: 'another horse 1', role: 'owner' };
    assert.is((await ask('POST', '/accounts', ben, headers)).status, 201);
    assert.is((await ask('PATCH', '/accounts/anna', { role: 'admin' }, headers)).status, 200);
    assert.is((await ask('DELETE', '/accounts/ben', undefined, headers)).status, 403);
  });

  // biome-ignore format: a table
  const refused: { name: string; body: object; status: number; field?: string }[] = [
    { name: 'more than oneself',       body: { role: 'owner' },                      status: 403 },
    { name: 'a site admin of nothing', body: { role: 'siteAdmin' },                  status: 400, field: 'sites' },
    { name: 'a site that is not',      body: { role: 'siteAdmin', sites: ['oslo'] }, status: 400, field: 'sites.0' },
    { name: 'an admin with sites',     body: { role: 'admin', sites: ['berlin'] },   status: 400, field: 'sites' },
    { name: 'a short password',        body: { password: 'horse' },                  status: 400, field: 'password' },
    { name: 'a common one',            body: { password: 'Password123' },            status: 400, field: 'password' },
    { name: 'its own name',            body: { name: 'cleopatra-2', password: 'Cleopatra2!' }, status: 400, field: 'password' },
    { name: 'a name that breaks lines', body: { name: 'a\nb' },                      status: 400, field: 'name' },
    { name: 'a role of another field', body: { passwordHash: 'x' },                  status: 400, field: 'passwordHash' },
  ];
  for (const { name, body, status, field } of refused) {
    test(`${name}: ${status}`, async () => {
      const { ask, browser } = await createDoor('admin');
      const made = { name: 'cleo', password: 'another horse 1', role: 'readOnly', ...body };
      const answer = await ask('POST', '/accounts', made, await browser());
      assert.is(answer.status, status, answer.text);
      assert.is(answer.json.field, field);
    });
  }

  test('a password changes only for who knows the old one', async () => {
    const { ask, browser, signIn } = await createDoor('readOnly');
    const headers = await browser();
    const change = { current: 'x', password: 'another horse 1' };
    assert.is((await ask('PUT', '/me/password', change, headers)).status, 400);
    assert.is((await ask('PUT', '/me/password', { ...change, current: password }, headers)).status, 204);
    assert.is((await signIn()).status, 401);
  });
});

describe('headers of every answer', (test) => {
  for (const path of ['/me', '/sites', '/nothing', '/openapi.json', '/reference']) {
    test(path, async () => {
      const { app, browser } = await createDoor();
      const { headers } = await app.request(`/api/v1${path}`, { headers: await browser() });
      assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
      assert.not.match(headers.get('content-security-policy') ?? '', 'unsafe-inline');
      assert.match(headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/);
      assert.is(headers.get('x-content-type-options'), 'nosniff');
      assert.match(headers.get('strict-transport-security') ?? '', /^max-age=\d{8}/);
      assert.is(headers.get('access-control-allow-origin'), null);
      assert.is(headers.get('x-powered-by'), null);
    });
  }

  test('what is refused has them too', async () => {
    const { app } = await createDoor();
    const { status, headers } = await app.request('/api/v1/sites', { headers: { host: 'evil.example' } });
    assert.is(status, 403);
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
  });
});
