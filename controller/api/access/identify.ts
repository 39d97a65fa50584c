/**
 * Who sends a request, by what it shows.
 *
 *     control socket    whoever may open it
 *     Authorization     a bearer token
 *     cookie            who signed in at the page; what changes something needs our own Origin besides
 *
 * A browser sends its cookie with whatever any page makes it send, but it does
 * not let that page lie about its Origin.
 */

import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { tokenOf } from '#controller/api/tokens.ts';
import type { Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import type { SignIns, Subject } from './sign-ins.ts';
import { localWho, type Who } from './who.ts';

export type Access =
  | { type: 'local' }
  /** `hosts`: what this server may be called. `isSecure`: over TLS. */
  | { type: 'token'; hosts: { has(host: string): boolean }; isSecure?: boolean };

export type IdentityDeps = { store: Store; clock: Clock; signIns: SignIns; access: Access };

/** Throws `forbidden` for a foreign host or origin. */
export function identify(deps: IdentityDeps, c: Context): Who | undefined {
  const { access, store, clock } = deps;
  if (access.type === 'local') return localWho;
  const host = (c.req.header('host') ?? '').toLowerCase();
  if (!access.hosts.has(host)) {
    throw new Fault('forbidden', 'host: this server is not known by that name', { field: 'host' });
  }
  const authorization = c.req.header('authorization');
  if (authorization !== undefined) {
    const token = tokenOf(store, clock, authorization);
    if (token === undefined) return undefined;
    const { name, role, sites } = token;
    return { name: `token ${name}`, how: 'api', role, ...(sites && { sites }) };
  }
  const who = signedIn(deps, c);
  if (!['GET', 'HEAD'].includes(c.req.method))
    checkOrigin(c, host, who !== undefined, access.isSecure === true);
  return who;
}

/** `isNeeded`: whoever is nobody has no cookie that another page could use. */
function checkOrigin(c: Context, host: string, isNeeded: boolean, isSecure: boolean): void {
  const origin = c.req.header('origin');
  if (origin === undefined && !isNeeded) return;
  if (origin?.toLowerCase() === `${isSecure ? 'https' : 'http'}://${host}`) return;
  throw new Fault('forbidden', 'origin: the request comes from another page', { field: 'origin' });
}

function signedIn({ store, signIns, access }: IdentityDeps, c: Context): Who | undefined {
  const cookie = getCookie(c, cookieName(access));
  const subject = cookie === undefined ? undefined : signIns.find(cookie);
  if (subject === undefined) return undefined;
  if (subject.type === 'user') {
    const { id } = subject;
    return { name: `extension ${id}`, how: 'self', role: 'user', extension: id };
  }
  const { name, role, sites } = store.get('accounts', subject.id) ?? {};
  if (name === undefined || role === undefined) return undefined;
  return { name, account: name, how: 'admin', role, ...(sites && { sites }) };
}

/** What was right when he signed in; undefined when he may not any more. */
export function proofOf(store: Pick<Store, 'get'>, { type, id }: Subject): string | undefined {
  if (type === 'account') return store.get('accounts', id)?.passwordHash;
  const user = store.get('users', id);
  return user?.hotdesk === true ? user.pinHash : undefined;
}

/** `__Host-`: set by us over TLS, for this host and no other, whatever other hosts of the domain say. */
const cookieName = (access: Access) =>
  access.type === 'token' && access.isSecure ? '__Host-hotdesk' : 'hotdesk';

export function keepCookie({ access }: Pick<IdentityDeps, 'access'>, c: Context, token: string): void {
  setCookie(c, cookieName(access), token, {
    path: '/',
    httpOnly: true,
    sameSite: 'Strict',
    secure: access.type === 'token' && access.isSecure === true,
  });
}

/** The sign-in that the request came with is over, and the browser forgets it. */
export async function dropCookie({ access, signIns }: IdentityDeps, c: Context): Promise<void> {
  const cookie = getCookie(c, cookieName(access));
  if (cookie !== undefined) await signIns.end(cookie);
  deleteCookie(c, cookieName(access), {
    path: '/',
    secure: access.type === 'token' && access.isSecure === true,
  });
}
