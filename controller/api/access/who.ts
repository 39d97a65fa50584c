/**
 * Who asks, and what that lets him use.
 *
 *     control socket   owner
 *     bearer token     the role and the sites it was made with
 *     cookie           the account's role and sites; a user who signed in by PIN is `user`
 *
 * One middleware says who, before every route; a route says the least role it needs.
 */

import type { Context } from 'hono';
import { type Role, role } from '#controller/model/account.ts';
import type { Store } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';

export type { Role };

/** From the least to the most. A site admin is more than read-only, and sees his own sites alone. */
const roles = role.options;

export type Who = {
  /** For people, and for the audit log. */
  readonly name: string;
  /** Who signed in with a password: his account. */
  readonly account?: string;
  /** What a session that he begins or ends is marked with. */
  readonly how: 'admin' | 'api' | 'self';
  readonly role: Role;
  /** Of a site admin: these and no other. */
  readonly sites?: readonly string[];
  /** Of a user: his own. */
  readonly extension?: string;
};

/** The least role that a route needs; `open` needs nobody at all. */
export type Access = 'open' | Role;

declare module 'hono' {
  interface ContextVariableMap {
    /** Undefined on `open` routes that nobody signed in for. */
    who: Who | undefined;
  }
}

/** Whoever may open the control socket: the file system let him in. */
export const localWho: Who = { name: 'local', how: 'admin', role: 'owner' };

export function hasRole(who: Who | undefined, access: Access): boolean {
  if (access === 'open') return true;
  return who !== undefined && isAtLeast(who.role, access);
}

export const isAtLeast = (own: Role, other: Role) => roles.indexOf(own) >= roles.indexOf(other);

/**
 * Throws `auth.refused` (401) when it is nobody, `forbidden` (403) when the role
 * is too small. What a user may do is for his own extension: another's is not
 * there for him (404), and who only reads, or has sites, does not do it for him.
 */
export function checkAccess(
  who: Who | undefined,
  { access, method = 'get' }: { access: Access; method?: string },
  { extension }: Readonly<Record<string, string>> = {},
): void {
  if (access === 'open') return;
  if (who === undefined) throw new Fault('auth.refused', 'sign in, or send a bearer token');
  if (!hasRole(who, access)) throw tooSmall(who, access);
  if (access !== 'user' || extension === undefined || hasRole(who, 'admin')) return;
  if (who.role !== 'user') {
    if (method !== 'get') throw tooSmall(who, 'admin');
  } else if (extension !== who.extension) {
    throw new Fault('not.found', `there is no user "${extension}"`, { noun: 'user', id: extension });
  }
}

const tooSmall = (who: Who, access: Access) =>
  new Fault('forbidden', `this needs the role ${access}; ${who.name} is ${who.role}`);

/** Whether documents of that site are his to see; everything, for whoever is bound to no site. */
export function reachesSite({ role, sites }: Who, site: string | undefined): boolean {
  return role !== 'siteAdmin' || (site !== undefined && (sites ?? []).includes(site));
}

/** Of a route that is not `open`. */
export function whoOf(c: Context): Who {
  const who = c.get('who');
  if (who === undefined) throw new Fault('auth.refused', 'sign in, or send a bearer token');
  return who;
}

/**
 * What an account or a token is to be. Throws `forbidden` for more than `who` is
 * himself, `input.invalid` where sites and role do not go together.
 */
export function checkScope(
  who: Who,
  wanted: { role: Role; sites?: readonly string[] | undefined },
  store: Pick<Store, 'get'>,
): void {
  if (!isAtLeast(who.role, wanted.role)) throw tooSmall(who, wanted.role);
  const { sites } = wanted;
  if ((wanted.role === 'siteAdmin') !== (sites !== undefined)) {
    throw new Fault('input.invalid', 'sites: a site admin has some, and nobody else', { field: 'sites' });
  }
  for (const [index, id] of (sites ?? []).entries()) {
    if (store.get('sites', id) !== undefined) continue;
    const field = `sites.${index}`;
    throw new Fault('input.invalid', `${field}: there is no site "${id}"`, { field });
  }
}
