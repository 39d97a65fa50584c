/** `hotdesk token` and `hotdesk account`: who may use the API and the page, and as what. */

import { systemClock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { field, type Row } from './table.ts';
import { type Call, done, type Flag, item, last, type Noun, plainVerbs, type Verb, valued } from './verb.ts';

const roleFlags: readonly Flag[] = [
  valued('role', 'readOnly|siteAdmin|admin|owner', 'what it may do; admin unless set'),
  valued('site', 'SITE', 'of a site admin; may be given again'),
];

/** What is not given is left to the API. */
function scopeOf(call: Call): Row {
  const [role, sites] = [last(call, 'role'), call.flags.get('site')];
  return { ...(role !== undefined && { role }), ...(sites !== undefined && { sites }) };
}

const hourMs = 3_600_000;

/** `90d`, `12h`, or a date. Throws `input.invalid`. */
function expiryOf(call: Call): Row {
  const text = last(call, 'expires');
  if (text === undefined) return {};
  const [, count, unit] = /^(\d{1,5})([dh])$/.exec(text) ?? [];
  const at =
    count === undefined
      ? Date.parse(text)
      : systemClock.wall() + Number(count) * hourMs * (unit === 'd' ? 24 : 1);
  if (Number.isNaN(at)) {
    throw new Fault('input.invalid', `--expires: "${text}" is neither a date nor like 90d or 12h`, {
      field: 'expires',
    });
  }
  return { expiresAt: new Date(at).toISOString() };
}

export const newToken: Verb = {
  about: 'prints the token, once',
  args: ['NAME'],
  flags: [...roleFlags, valued('expires', 'WHEN', 'a date, or like 90d or 12h; never unless set')],
  run: (call) =>
    tokenOf(call.client.ask('POST', '/tokens', { name: call.args[0], ...scopeOf(call), ...expiryOf(call) })),
};

/** What is shown once is all that is printed, so that a script can take it. */
export async function tokenOf(answer: Promise<unknown>) {
  const json = (await answer) as { token: string };
  return { type: 'text' as const, text: json.token, json };
}

const at = ([name]: readonly string[]) => `/accounts/${encodeURIComponent(name ?? '')}`;

/** From standard input alone: what stands in the arguments, every user of the machine can read. */
async function passwordOf({ readLine }: Call): Promise<{ password: string }> {
  const password = await readLine();
  if (password !== '') return { password };
  throw new Fault('input.invalid', 'the password is read from standard input, and there is none', {
    field: 'password',
  });
}

export const accountNoun: Noun = {
  about: 'who signs in at the page, and as what',
  verbs: {
    ...plainVerbs('/accounts', 'NAME', [
      field('name'),
      field('role'),
      field('sites'),
      field('hasTotp', '2nd factor'),
      field('createdAt', 'created'),
    ]),
    add: {
      about: 'a new one; its password is read from standard input',
      args: ['NAME'],
      flags: roleFlags,
      run: async (call) =>
        item(
          call.client.ask('POST', '/accounts', {
            name: call.args[0],
            ...scopeOf(call),
            ...(await passwordOf(call)),
          }),
        ),
    },
    'set-role': {
      about: 'what it may do from now on',
      args: ['NAME'],
      flags: roleFlags,
      run: (call) => {
        const { role, sites = null } = scopeOf(call);
        return item(call.client.ask('PATCH', at(call.args), { role: role ?? 'admin', sites }));
      },
    },
    'set-password': {
      about: 'read from standard input; who signed in with the old one is signed out',
      args: ['NAME'],
      run: async (call) => done(call.client.ask('PUT', `${at(call.args)}/password`, await passwordOf(call))),
    },
    'remove-totp': {
      about: 'the password is enough again',
      args: ['NAME'],
      run: ({ args, client }) => done(client.ask('DELETE', `${at(args)}/totp`)),
    },
    'sign-out': {
      about: 'everywhere',
      args: ['NAME'],
      run: ({ args, client }) => done(client.ask('DELETE', `${at(args)}/sign-ins`)),
    },
    'setup-link': {
      about: 'prints a link, once, that makes an owner: good for 24 hours, for one',
      args: [],
      async run({ client }) {
        const json = (await client.ask('POST', '/setup-link')) as { url: string };
        return { type: 'text', text: json.url, json };
      },
    },
  },
};
