/**
 * /accounts: who signs in with a name and a password, and as what.
 *
 *     GET    /accounts                                   → {items: [{name, role, sites?, hasTotp, createdAt}]}
 *     POST   /accounts {name, password, role?, sites?}   → 201 account
 *     GET    /accounts/:name
 *     PATCH  /accounts/:name {role?, sites?}             → account
 *     DELETE /accounts/:name                             → 204; 409 for the last owner
 *     PUT    /accounts/:name/password {password}         → 204; who is signed in with the old one is not any more
 *     DELETE /accounts/:name/totp                        → 204: the password is enough again
 *     DELETE /accounts/:name/sign-ins                    → 204: signed out everywhere
 *
 *     PUT    /me/password {current, password}            → 204
 *     POST   /me/totp {current}                          → 201 {secret, uri}: shown once, to be confirmed
 *     POST   /me/totp/confirm {code}                     → {recoveryCodes}: shown once
 *
 * Nobody makes or changes an account that may do more than he may himself.
 */

import type { Context } from 'hono';
import { z } from 'zod';
import { listing } from '#controller/api/list.ts';
import { expected, missing, patched, tag, taken, wrong } from '#controller/api/read.ts';
import { listOf, moment, type Route, route } from '#controller/api/route.ts';
import { inTurn } from '#controller/api/turns.ts';
import { type Account, account } from '#controller/model/account.ts';
import type { Change, Kept } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';
import { networkOf } from './attempts.ts';
import { refuseWeakPassword } from './passwords.ts';
import { remoteOf } from './perform.ts';
import { password, type SignInDeps } from './sign-in.ts';
import { beginTotp, makeRecoveryCodes, takeCode } from './totp.ts';
import { checkScope, isAtLeast, whoOf } from './who.ts';

const { name, role, sites } = account.shape;
const scope = z.strictObject({ role: role.default('admin'), sites });
const creation = scope.extend({ name, password });
const shown = z.strictObject({ name, role, sites, hasTotp: z.boolean(), createdAt: moment });

const accounts = listing<Account, 'name' | 'role' | 'createdAt'>({
  id: (each) => each.name,
  fields: {
    name: (each) => each.name,
    role: (each) => each.role,
    createdAt: ({ createdAt }) => createdAt,
  },
});

export function accountRoutes(deps: SignInDeps): Route[] {
  const { store, passwords, attempts, signIns, keys, clock } = deps;

  function find(id: string): Kept<Account> {
    const found = store.get('accounts', id.toLowerCase());
    if (found === undefined) throw missing('account', id);
    return found;
  }

  /** To be changed by who asks. */
  function within(c: Context, id: string): Kept<Account> {
    const found = find(id);
    if (isAtLeast(whoOf(c).role, found.role)) return found;
    throw new Fault('forbidden', `${found.name} is ${found.role}`, { id: found.name });
  }

  /** Before `current` is one no more. */
  function keepAnOwner(current: Account): void {
    if (current.role !== 'owner') return;
    const id = current.name;
    if (store.list('accounts').some((each) => each.role === 'owner' && each.name !== id)) return;
    throw new Fault('conflict', 'role: this is the last owner; make another first', { field: 'role', id });
  }

  async function put({ revision, ...current }: Kept<Account>, changes: Partial<Account>): Promise<void> {
    const value = { ...current, ...changes };
    await store.commit([{ type: 'put', collection: 'accounts', value, expect: revision }]);
  }

  async function setPassword(of: Kept<Account>, chosen: string): Promise<void> {
    refuseWeakPassword(chosen, of.name);
    await put(of, { passwordHash: await passwords.hash(chosen) });
    await signIns.endAllOf({ type: 'account', id: of.name });
  }

  /** Whoever sits down at a page that somebody left open does not know the password. */
  async function own(c: Context, current: string): Promise<Kept<Account>> {
    const found = mine(c);
    const { right } = attempts.charge(found.name, networkOf(remoteOf(c)));
    if (!(await passwords.isRight(current, found.passwordHash)))
      throw wrong('current', 'is not the password');
    right();
    return found;
  }

  function mine(c: Context): Kept<Account> {
    const id = whoOf(c).account;
    if (id === undefined) throw new Fault('conflict', 'this is for who signed in with a password');
    return find(id);
  }

  return [
    route(
      {
        ...{ method: 'get', path: '/accounts', access: 'admin', tag: 'access', summary: 'All accounts' },
        query: accounts.query,
        answer: listOf(shown),
      },
      ({ c, query }) => accounts.page(c, query, store.list('accounts'), toJson),
    ),
    route(
      {
        ...{ method: 'post', path: '/accounts', access: 'admin', tag: 'access', summary: 'Make an account' },
        body: creation,
        answer: shown,
        status: 201,
      },
      async ({ c, body: { password: chosen, ...wanted } }) => {
        checkScope(whoOf(c), wanted, store);
        refuseWeakPassword(chosen, wanted.name);
        if (store.get('accounts', wanted.name) !== undefined) throw taken('account', wanted.name, 'name');
        const passwordHash = await passwords.hash(chosen);
        const value: Account = { ...wanted, passwordHash, createdAt: clock.wall() };
        // Whoever has the link for the first account is not to be the second.
        const link: Change[] =
          store.get('setupLinks', 'setup') === undefined
            ? []
            : [{ type: 'delete', collection: 'setupLinks', id: 'setup' }];
        await store.commit([{ type: 'put', collection: 'accounts', value, expect: 'absent' }, ...link]);
        return toJson(find(wanted.name));
      },
    ),
    route(
      {
        ...{
          method: 'get',
          path: '/accounts/{name}',
          access: 'admin',
          tag: 'access',
          summary: 'One account',
        },
        answer: shown,
      },
      ({ c, params }) => {
        const found = find(params.name);
        tag(c, found);
        return toJson(found);
      },
    ),
    route(
      {
        ...{ method: 'patch', path: '/accounts/{name}', access: 'admin', tag: 'access' },
        summary: 'Change what an account may do',
        patch: scope,
        answer: shown,
      },
      async ({ c, params, body }) => {
        const current = within(c, params.name);
        expected(c, current);
        const before = { role: current.role, ...(current.sites && { sites: current.sites }) };
        const wanted = patched(scope, body, before, { id: 'name' });
        checkScope(whoOf(c), wanted, store);
        await inTurn(store, async () => {
          if (wanted.role !== 'owner') keepAnOwner(current);
          const { sites: _, ...rest } = current;
          await put({ ...rest, ...wanted }, {});
        });
        const made = find(params.name);
        tag(c, made);
        return toJson(made);
      },
    ),
    route(
      {
        ...{ method: 'delete', path: '/accounts/{name}', access: 'admin', tag: 'access' },
        summary: 'Remove an account; it is signed out',
      },
      async ({ c, params }) => {
        const current = within(c, params.name);
        await inTurn(store, async () => {
          keepAnOwner(current);
          const expect = expected(c, current);
          await store.commit([{ type: 'delete', collection: 'accounts', id: current.name, expect }]);
        });
        await signIns.endAllOf({ type: 'account', id: current.name });
      },
    ),
    route(
      {
        ...{ method: 'put', path: '/accounts/{name}/password', access: 'admin', tag: 'access' },
        summary: 'Set a password; who signed in with the old one is signed out',
        body: z.strictObject({ password }),
      },
      async ({ c, params, body }) => await setPassword(within(c, params.name), body.password),
    ),
    route(
      {
        ...{ method: 'delete', path: '/accounts/{name}/totp', access: 'admin', tag: 'access' },
        summary: 'Take the second factor away',
      },
      async ({ c, params }) => {
        const { totp: _, ...current } = within(c, params.name);
        await put(current, {});
      },
    ),
    route(
      {
        ...{ method: 'delete', path: '/accounts/{name}/sign-ins', access: 'admin', tag: 'access' },
        summary: 'Sign an account out everywhere',
      },
      async ({ c, params }) => await signIns.endAllOf({ type: 'account', id: within(c, params.name).name }),
    ),
    route(
      {
        ...{ method: 'put', path: '/me/password', access: 'readOnly', tag: 'access' },
        summary: 'Change my password; I sign in anew',
        body: z.strictObject({ current: password, password }),
      },
      async ({ c, body }) => await setPassword(await own(c, body.current), body.password),
    ),
    route(
      {
        ...{ method: 'post', path: '/me/totp', access: 'readOnly', tag: 'access' },
        summary: 'Begin a second factor; it counts once it is confirmed',
        body: z.strictObject({ current: password }),
        answer: z.strictObject({ secret: z.string(), uri: z.string() }),
        status: 201,
      },
      async ({ c, body }) => {
        const current = await own(c, body.current);
        if (current.totp?.isConfirmed)
          throw new Fault('conflict', 'there is a second factor; an admin can take it away');
        const { totp, secret, uri } = beginTotp(keys, current.name);
        await put(current, { totp });
        return { secret, uri };
      },
    ),
    route(
      {
        ...{ method: 'post', path: '/me/totp/confirm', access: 'readOnly', tag: 'access' },
        summary: 'Show that the app has the secret',
        body: z.strictObject({ code: z.string().max(16) }),
        answer: z.strictObject({ recoveryCodes: z.array(z.string()) }),
      },
      async ({ c, body }) => {
        const current = mine(c);
        if (current.totp === undefined || current.totp.isConfirmed) {
          throw new Fault('conflict', 'there is nothing to confirm');
        }
        const { right } = attempts.charge(current.name, networkOf(remoteOf(c)));
        const totp = takeCode(keys, current.name, current.totp, body.code, clock.wall());
        if (totp === undefined) throw wrong('code', 'is not the code that the app shows');
        right();
        const { codes, hashes } = makeRecoveryCodes();
        await put(current, { totp: { ...totp, isConfirmed: true, recoveryHashes: hashes } });
        return { recoveryCodes: codes };
      },
    ),
  ];
}

function toJson({ name: id, role: own, sites: of, totp, createdAt }: Account) {
  return {
    ...{ name: id, role: own, sites: of },
    hasTotp: totp?.isConfirmed === true,
    createdAt: new Date(createdAt).toISOString(),
  };
}
