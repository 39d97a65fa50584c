/**
 * Signing in at the page.
 *
 *     GET  /me                                → {name, role, sites?, extension?, hasTotp?}
 *     POST /sign-in {name, password, code?}   → the same, and a cookie
 *     POST /sign-in {extension, pin}          → the same; as at a phone, with the same locks
 *     POST /sign-out                          → 204, the cookie is good for nothing
 *     POST /setup {token, name, password}     → 201: the first account, an owner
 *     POST /setup-link                        → 201 {url, expiresAt}: a new link, the only time it is shown
 *
 * No such account, a wrong password and a wrong code are one answer, after the
 * same work. That a code is missing is said to who knows the password. The audit
 * log has no name that nobody has: it may be a password in the wrong field.
 */

import { createHash, randomBytes } from 'node:crypto';
import type { Context } from 'hono';
import { z } from 'zod';
import { wrong } from '#controller/api/read.ts';
import { moment, type Route, route } from '#controller/api/route.ts';
import type { Keys } from '#controller/keys.ts';
import { type Account, accountName, role } from '#controller/model/account.ts';
import { extension } from '#controller/model/model.ts';
import type { Change, Kept, PinAnswer, Store } from '#controller/model/ports.ts';
import { Pins } from '#controller/sessions/pins.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { Attempts, networkOf } from './attempts.ts';
import { dropCookie, type IdentityDeps, keepCookie, proofOf } from './identify.ts';
import { maxPasswordLength, refuseWeakPassword } from './passwords.ts';
import { remoteOf } from './perform.ts';
import { SignIns } from './sign-ins.ts';
import { takeCode } from './totp.ts';
import { type Who, whoOf } from './who.ts';

export type SignInDeps = IdentityDeps & {
  keys: Pick<Keys, 'seal' | 'unseal'>;
  passwords: Pick<Pins, 'hash' | 'isRight'>;
  attempts: Attempts;
  pins: { check(address: string, extension: string, pin: string): Promise<PinAnswer> };
  /** Where the page is, without a slash at the end. */
  pageUrl(): string;
};

/** 64 MiB and a tenth of a second or two a hash: a password has fewer bits than it seems. */
const passwordCost = 65_536;

/** What both listeners share. */
export function createSignIn(
  store: Store,
  keys: Pick<Keys, 'passwordPepper'>,
  clock: Clock,
): Pick<SignInDeps, 'signIns' | 'attempts' | 'passwords'> {
  return {
    signIns: new SignIns({ store, clock, proofOf: (subject) => proofOf(store, subject) }),
    attempts: new Attempts({ store, clock, key: keys.passwordPepper }),
    passwords: new Pins({ pepper: keys.passwordPepper, cost: passwordCost, maxWaiting: 16 }),
  };
}

/** The link for the first account, in place of one that was shown before; undefined when there is an account. */
export async function firstSetup(store: Store, clock: Clock, page: string): Promise<string | undefined> {
  if (store.list('accounts').length > 0) return undefined;
  const { token, change } = newSetupLink(clock);
  await store.commit([change]);
  return setupUrl(page, token);
}

export const password = z.string().max(maxPasswordLength * 4);
const code = z.string().max(64);
const body = z.strictObject({
  name: z.string().max(256).optional(),
  password: password.optional(),
  code: code.optional(),
  extension: z.string().max(64).optional(),
  pin: z.string().max(64).optional(),
});

const shown = z.strictObject({
  name: z.string(),
  role,
  sites: z.array(z.string()).optional(),
  extension: extension.optional(),
  /** Of an account: whether a code is asked for besides the password. */
  hasTotp: z.boolean().optional(),
});

const setup = z.strictObject({ token: z.string().max(128), name: accountName, password });

export function signInRoutes(deps: SignInDeps): Route[] {
  const { store, passwords, attempts, pins, signIns, clock } = deps;

  async function asAccount(c: Context, typed: { name: string; password: string; code?: string | undefined }) {
    const name = accountName.safeParse(typed.name).data ?? '?';
    const account = store.get('accounts', name);
    c.set('auditDetails', { account: account === undefined ? '?' : name });
    const { right } = attempts.charge(name, networkOf(remoteOf(c)));
    if (!(await passwords.isRight(typed.password, account?.passwordHash)) || account === undefined) {
      throw refused();
    }
    if (account.totp?.isConfirmed) await checkCode(deps, account, account.totp, typed.code);
    right();
    keepCookie(deps, c, await signIns.begin({ type: 'account', id: name }, account.passwordHash));
    const { role: own, sites } = account;
    c.set('who', { name, account: name, how: 'admin', role: own, ...(sites && { sites }) });
  }

  async function asUser(c: Context, typed: { extension: string; pin: string }) {
    const id = extension.safeParse(typed.extension).data ?? '?';
    c.set('auditDetails', { extension: store.get('users', id) === undefined ? '?' : id });
    if ((await pins.check(networkOf(remoteOf(c)), typed.extension, typed.pin)) !== 'right') throw refused();
    const { pinHash } = store.get('users', id) ?? {};
    if (pinHash === undefined) throw refused();
    keepCookie(deps, c, await signIns.begin({ type: 'user', id }, pinHash));
    c.set('who', { name: `extension ${id}`, how: 'self', role: 'user', extension: id });
  }

  return [
    route(
      {
        ...{ method: 'get', path: '/me', access: 'user', tag: 'access', summary: 'Who I am' },
        answer: shown,
      },
      ({ c }) => show(store, whoOf(c)),
    ),
    route(
      {
        ...{ method: 'post', path: '/sign-in', access: 'open', tag: 'access', summary: 'Sign in' },
        body,
        answer: shown,
      },
      async ({ c, body: typed }) => {
        if (deps.access.type === 'local') throw new Fault('conflict', 'the control socket needs no sign-in');
        if (typed.name !== undefined && typed.password !== undefined) {
          await asAccount(c, { name: typed.name, password: typed.password, code: typed.code });
        } else if (typed.extension !== undefined && typed.pin !== undefined) {
          await asUser(c, { extension: typed.extension, pin: typed.pin });
        } else {
          throw wrong('name', 'give name and password, or extension and pin');
        }
        return show(store, whoOf(c));
      },
    ),
    route(
      { ...{ method: 'post', path: '/sign-out', access: 'open', tag: 'access', summary: 'Sign out' } },
      async ({ c }) => await dropCookie(deps, c),
    ),
    route(
      {
        ...{ method: 'post', path: '/setup', access: 'open', tag: 'access' },
        summary: 'Make the first account, by the link that was shown when the controller began',
        body: setup,
        answer: shown,
        status: 201,
      },
      async ({ c, body: { token, name, password: chosen } }) => {
        const { right } = attempts.charge('setup', networkOf(remoteOf(c)));
        const link = store.get('setupLinks', 'setup');
        if (link === undefined || link.expiresAt <= clock.wall() || link.hash !== hash(token)) {
          throw new Fault(
            'auth.refused',
            'this link is not good any more; `hotdesk account setup-link` makes another',
          );
        }
        right();
        refuseWeakPassword(chosen, name);
        if (store.get('accounts', name) !== undefined) throw wrong('name', 'is taken');
        const value: Account = {
          ...{ name, role: 'owner', createdAt: clock.wall() },
          passwordHash: await passwords.hash(chosen),
        };
        await store.commit([
          { type: 'put', collection: 'accounts', value, expect: 'absent' },
          { type: 'delete', collection: 'setupLinks', id: 'setup', expect: link.revision },
        ]);
        c.set('auditDetails', { account: name });
        return { name, role: 'owner' as const };
      },
    ),
    route(
      {
        ...{ method: 'post', path: '/setup-link', access: 'owner', tag: 'access' },
        summary: 'Make a new link for making an account; it is shown once',
        answer: z.strictObject({ url: z.string(), expiresAt: moment }),
        status: 201,
      },
      async () => {
        const { token, change, expiresAt } = newSetupLink(clock);
        await store.commit([change]);
        return { url: setupUrl(deps.pageUrl(), token), expiresAt: new Date(expiresAt).toISOString() };
      },
    ),
  ];
}

const linkMs = 86_400_000;

/** In place of any that there was. */
export function newSetupLink(clock: Clock): { token: string; change: Change; expiresAt: number } {
  const token = randomBytes(32).toString('base64url');
  const expiresAt = clock.wall() + linkMs;
  const value = { id: 'setup' as const, hash: hash(token), expiresAt };
  return { token, change: { type: 'put', collection: 'setupLinks', value }, expiresAt };
}

/** Behind the #, which no server and no log on the way gets to see. */
export const setupUrl = (page: string, token: string) => `${page}/#/setup/${token}`;

/** Kept before it counts: of two at once, one is too late. */
async function checkCode(
  { store, keys, clock }: SignInDeps,
  account: Kept<Account>,
  totp: NonNullable<Account['totp']>,
  typed: string | undefined,
): Promise<void> {
  if (typed === undefined || typed === '') {
    throw new Fault('auth.refused', 'code: the code of the authenticator app is needed', { field: 'code' });
  }
  const taken = takeCode(keys, account.name, totp, typed, clock.wall());
  if (taken === undefined) throw refused();
  const { revision, ...rest } = account;
  const value = { ...rest, totp: taken };
  await store.commit([{ type: 'put', collection: 'accounts', value, expect: revision }]);
}

const refused = () => new Fault('auth.refused', 'that is not right');

const hash = (token: string) => createHash('sha256').update(token).digest('hex');

function show(store: Pick<Store, 'get'>, { name, role: own, sites, extension: number, account }: Who) {
  return {
    name: number === undefined ? name : (store.get('users', number)?.name ?? name),
    role: own,
    ...(sites && { sites: [...sites] }),
    ...(number !== undefined && { extension: number }),
    ...(account !== undefined && { hasTotp: store.get('accounts', account)?.totp?.isConfirmed === true }),
  };
}
