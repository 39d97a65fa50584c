/**
 * Every request goes through here on its way to its route: may he, what of the
 * store does he see, and what did he change.
 *
 *     checkAccess ── routes over the store as he sees it ── answer ── audit log
 *
 * Whatever is not a GET, or hands out secrets, leaves an entry when it is done,
 * before it is answered.
 * So does what somebody known was forbidden, and every attempt to get in.
 */

import type { Context } from 'hono';
import { problemOf } from '#controller/api/problem.ts';
import { type Declaration, type Perform, type Route, routeName } from '#controller/api/route.ts';
import type { AuditFacts } from '#controller/audit/chain.ts';
import type { AuditLog } from '#controller/audit/log.ts';
import type { Store } from '#controller/model/ports.ts';
import { type Act, scopedStore } from './scope.ts';
import { checkAccess, type Who } from './who.ts';

export type PerformOptions<Deps> = {
  deps: Deps;
  /** The same route over what this request may see. */
  remake: (route: Route, deps: Deps) => Route;
  /** Of the other rooms' doors, those that change something; see ./doors.ts. */
  scope: (deps: Deps, act: Act, view: Store) => Deps;
  audit: Pick<AuditLog, 'append'>;
};

declare module 'hono' {
  interface ContextVariableMap {
    /** What a route adds to its entry: never a secret. */
    auditDetails: Record<string, string | number> | undefined;
  }
}

/** A line of the log is not longer for it than it needs to be. */
const maxChanges = 200;

export function createPerform<Deps extends { store: Store }>(options: PerformOptions<Deps>): Perform {
  const { deps, remake, scope, audit } = options;

  return async (c, route) => {
    const { declaration } = route;
    const who = c.get('who');
    const isRead = declaration.method === 'get' || declaration.isQuestion === true;
    const isSilent = isRead && declaration.isTold !== true;
    // What is open to everybody is not less open to who has signed in.
    const act: Act = { who: declaration.access === 'open' ? undefined : who, changes: [] };

    async function answer(): Promise<Response> {
      checkAccess(who, declaration, c.req.param());
      if (isSilent && who?.role !== 'siteAdmin') return await route.answer(c);
      const view = scopedStore(deps.store, act, { isRead });
      return await remake(route, scope(deps, act, view)).answer(c);
    }

    return isSilent ? await answer() : await told(audit, c, { declaration, act, answer });
  };
}

type Told = { declaration: Declaration; act: Act; answer(): Promise<Response> };

/** Not answered before its entry is on disk; one that cannot be written is a failure of the request. */
async function told(
  audit: Pick<AuditLog, 'append'>,
  c: Context,
  { declaration, act, answer }: Told,
): Promise<Response> {
  let status = 500;
  try {
    const answered = await answer();
    status = answered.status;
    return answered;
  } catch (error) {
    status = problemOf(error)?.status ?? status;
    throw error;
  } finally {
    if (isTold(declaration, act, status)) {
      for (const facts of entries(c, declaration, act, status)) await audit.append(facts);
    }
  }
}

function isTold({ access }: Declaration, { who, changes }: Act, status: number): boolean {
  if (status < 400 || changes.length > 0) return true;
  return status === 403 ? who !== undefined : status === 401 && access === 'open';
}

function entries(c: Context, declaration: Declaration, { changes }: Act, status: number): AuditFacts[] {
  // Who has just signed in is known only now.
  const who: Who | undefined = c.get('who');
  const facts: AuditFacts = {
    who: who?.name ?? 'nobody',
    ...(who !== undefined && { role: who.role }),
    from: remoteOf(c),
    what: routeName(declaration),
    details: { ...c.req.param(), ...c.get('auditDetails'), status },
  };
  if (changes.length <= maxChanges) return [changes.length === 0 ? facts : { ...facts, changes }];
  const parts = Array.from({ length: Math.ceil(changes.length / maxChanges) }, (_, part) => part);
  return parts.map((part) => ({
    ...facts,
    details: { ...facts.details, part: part + 1, parts: parts.length },
    changes: changes.slice(part * maxChanges, (part + 1) * maxChanges),
  }));
}

/** The peer's address; `local` on the control socket. */
export function remoteOf(c: Context): string {
  const env: unknown = c.env;
  const { incoming } = (env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } };
  return incoming?.socket?.remoteAddress ?? 'local';
}
