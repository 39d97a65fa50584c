/** The command line can do all that the API can: every operation is asked by some verb, or it says here why not. */

import { fileURLToPath } from 'node:url';
import * as assert from 'uvu/assert';
import { apiRoutes } from '#controller/api/app.ts';
import type { Client } from '#controller/cli/client.ts';
import { nouns } from '#controller/cli/nouns.ts';
import type { Flag, Verb } from '#controller/cli/verb.ts';
import { Fault } from '#protocol/fault.ts';
import { createApiWorld } from '#test/controller/api/world.ts';
import { describe } from '#test/support/describe.ts';

/** Operations that no verb asks, and why. */
const exceptions: Readonly<Record<string, string>> = {
  'get /openapi.json': 'for programs that make a client of it',
  'get /reference': 'for people with a browser',
  'get /events': 'never ends: for the page, and for programs that listen',
  'put /users/{extension}': 'create and set do the same, field by field',
  'put /sites/{id}': 'create and set do the same, field by field',
  'put /devices/{id}': 'create and set do the same, field by field',
  'post /users/{extension}/pin': 'PUT does the same',
  'get /me': 'whose cookie it is',
  'post /sign-in': 'a browser signs in; the command line has a token or the control socket',
  'post /sign-out': 'a browser signs out',
  'put /me/password': 'one’s own, at the page; account set-password is for others’',
  'post /me/totp': 'one’s own, at the page, where its QR code is',
  'post /me/totp/confirm': 'as above',
  'post /setup': 'for the page that opens the one-time link',
};

const someJson = fileURLToPath(new URL('../../../package.json', import.meta.url));

/** Flags that mean something together only. */
const together: readonly (readonly [string, string][])[] = [
  [
    ['upstream-user', 'x'],
    ['upstream-secret-stdin', ''],
  ],
  [['upstream-user', 'none']],
];

/** Values that a flag may want to see before anything is asked. */
const values: Readonly<Record<string, string>> = {
  ...{ address: '192.0.2.1:5060', gateway: '192.0.2.1:5060', local: '192.0.2.1:5060' },
  ...{ 'dial-code': 'park=*68', limit: '5', where: 'site=x' },
};

/** With nothing said, with all of its flags, and with each alone: what a verb may ask depends on them. */
function typed(flags: readonly Flag[]): ReadonlyMap<string, readonly string[]>[] {
  const typedValue = ({ name, value = '' }: Flag) => values[name] ?? (value === 'on|off' ? 'on' : 'x');
  const each = flags.map((flag): [string, string[]] => [flag.name, [typedValue(flag)]]);
  const needed = each.filter(([name]) => ['site', 'mode', 'service', 'device', 'role'].includes(name));
  const names = new Set(flags.map(({ name }) => name));
  const pairs = together
    .filter((pair) => pair.every(([name]) => names.has(name)))
    .map((pair) => new Map(pair.map(([name, value]) => [name, [value]])));
  return [
    new Map(),
    new Map(needed),
    new Map(each),
    ...pairs,
    ...each.map((one) => new Map([...needed, one])),
  ];
}

async function asksOf({ args, flags = [], run }: Verb): Promise<string[]> {
  const asked: string[] = [];
  const answer = {
    items: [{ id: 'x', extension: 'x', keys: [] }],
    keys: [],
    cut: [],
    steps: [],
    text: '',
    token: 'x',
  };
  const client: Client = {
    async ask(method, path) {
      asked.push(`${method.toLowerCase()} ${path.split('?')[0]}`);
      return path.startsWith('/export') ? 'csv' : answer;
    },
    close: async () => {},
  };
  for (const given of typed(flags)) {
    for (const first of ['x', 'all']) {
      const words = args.map((name, at) => (name === 'FILE' ? someJson : at === 0 ? first : 'x'));
      try {
        await run({ args: words, flags: given, client, readLine: async () => 'x' });
      } catch (error) {
        // What is typed here is not always right, and the answer not what was asked for: only what is asked counts.
        if (!Fault.is(error) && !(error instanceof TypeError)) throw error;
      }
    }
  }
  return asked;
}

describe('command line', (test) => {
  test('every operation of the API has its verb', async () => {
    const { deps } = createApiWorld();
    const asked = new Set<string>();
    for (const { verbs } of Object.values(nouns)) {
      for (const verb of Object.values(verbs)) for (const each of await asksOf(verb)) asked.add(each);
    }
    const declared = apiRoutes(deps).map(({ declaration: { method, path } }) => `${method} ${path}`);
    const unasked = declared.filter((name) => {
      const form = new RegExp(`^${name.replace(/\{\w+\}/g, '[^/]+')}$`);
      return ![...asked].some((each) => form.test(each));
    });
    assert.equal(
      unasked.filter((name) => !(name in exceptions)),
      [],
    );
    // An exception that is none any more is taken off the list.
    assert.equal(
      Object.keys(exceptions).filter((name) => declared.includes(name) && !unasked.includes(name)),
      [],
    );
  });

  test('nothing is asked that the API does not have', async () => {
    const { deps } = createApiWorld();
    const forms = apiRoutes(deps).map(
      ({ declaration: { method, path } }) => new RegExp(`^${method} ${path.replace(/\{\w+\}/g, '[^/]*')}$`),
    );
    for (const [noun, { verbs }] of Object.entries(nouns)) {
      for (const [name, verb] of Object.entries(verbs)) {
        const strange = (await asksOf(verb)).filter((each) => !forms.some((form) => form.test(each)));
        assert.equal(strange, [], `${noun} ${name}`);
      }
    }
  });
});
