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
import { Fault } from '#protocol/fault.ts';

/** From the least to the most. A site admin is more than read-only, and sees his own sites alone. */
export const roles = ['user', 'readOnly', 'siteAdmin', 'admin', 'owner'] as const;

export type Role = (typeof roles)[number];

export type Who = {
  /** For people, and for the audit log. */
  readonly name: string;
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
  return who !== undefined && roles.indexOf(who.role) >= roles.indexOf(access);
}

/** Throws `auth.refused` (401) when it is nobody, `forbidden` (403) when the role is too small. */
export function checkAccess(who: Who | undefined, access: Access): void {
  if (hasRole(who, access)) return;
  if (who === undefined) throw new Fault('auth.refused', 'sign in, or send a bearer token');
  throw new Fault('forbidden', `this needs the role ${access}; ${who.name} is ${who.role}`);
}

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
