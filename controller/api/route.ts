/**
 * One declaration a route. From it come the check of what is asked, who may ask
 * (./access/), the answer's status, and the description at /openapi.json: there
 * is no second place to say any of it, and no way to add a route without.
 *
 *     export function deskRoutes({ store }: DeskDeps): Route[] {
 *       const desks = listing<Kept<Desk>>({ collection: 'desks', id: ({ id }) => id, … });     // ./list.ts
 *       return [
 *         route(
 *           {
 *             method: 'get', path: '/desks', access: 'readOnly', tag: 'desks', summary: 'All desks',
 *             query: desks.query, answer: listOf(shownDesk),
 *           },
 *           ({ c, query }) => desks.page(c, query, store.list('desks'), toJson),
 *         ),
 *         route(
 *           { method: 'patch', path: '/desks/{id}', access: 'siteAdmin', tag: 'desks', summary: 'Change a desk',
 *             patch: desk, answer: shownDesk },
 *           async ({ c, params, body }) => { const value = patched(desk, body, current, { id: 'id' }); … },
 *         ),
 *       ];
 *     }
 *
 * and its line in ./app.ts. `body` is checked before the route runs; of `patch` it
 * is what was sent, for the whole is checked by `patched` (./read.ts); `raw` comes
 * as bytes. What a route returns is sent as JSON with `status`; without `answer`
 * that is 204 and nothing. A `Response` is sent as it is. Failures are thrown.
 */

import type { Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import type { Access } from '#controller/api/access/who.ts';
import { asPrecondition, read, readBytes, readObject, wrong } from './read.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** A body that is not JSON. */
export type Raw = { type: string; maxBytes: number };

export type Declaration<
  Path extends string = string,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodObject = z.ZodObject,
> = {
  method: Method;
  /** Below /api/v1, with parameters in braces: `/devices/{id}`. */
  path: Path;
  access: Access;
  /** Changes nothing, although it is no GET: it leaves no entry in the audit log. */
  isQuestion?: true;
  /** Hands out what is secret, or everything: it leaves an entry although it is a GET. */
  isTold?: true;
  tag: string;
  /** A few words; the first of them is what it does. */
  summary: string;
  query?: Query;
  body?: Body;
  /** Of a PATCH: what the whole must be. */
  patch?: z.ZodObject;
  raw?: Raw;
  /** Absent: 204, no content. */
  answer?: z.ZodType | { type: string };
  /** 200 unless it is said; 201 where something is made. */
  status?: 200 | 201 | 202;
};

type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

export type Asked<Path extends string, Query, Body> = {
  c: Context;
  params: Readonly<Record<NamesIn<Path>, string>>;
  query: Query;
  body: Body;
  /** Of `raw`. */
  bytes: Buffer;
};

export type Route = { readonly declaration: Declaration; answer(c: Context): Promise<Response> };

const nothing = z.strictObject({});

export function route<
  const Path extends string,
  Query extends z.ZodObject = typeof nothing,
  Body extends z.ZodObject = typeof nothing,
>(
  declaration: Declaration<Path, Query, Body>,
  run: (asked: Asked<Path, z.infer<Query>, z.infer<Body>>) => unknown,
): Route {
  const { path, query, body, patch, raw, answer, status = 200 } = declaration;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  return {
    declaration,
    async answer(c) {
      const asked = {
        c,
        params: Object.fromEntries(names.map((name) => [name, c.req.param(name) ?? ''])),
        query: read(query ?? nothing, c.req.query()),
        body: body === undefined ? patch && (await readObject(c)) : read(body, await readObject(c)),
        bytes: raw === undefined ? undefined : await readRaw(c, raw),
      };
      // What was read by the declaration has its types.
      const typed = asked as unknown as Asked<Path, z.infer<Query>, z.infer<Body>>;
      const result = await tried(c, () => run(typed));
      if (result instanceof Response) return result;
      if (answer === undefined) return c.body(null, 204);
      return c.json(result as object, status as ContentfulStatusCode);
    },
  };
}

async function tried<T>(c: Context, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw asPrecondition(c, error);
  }
}

async function readRaw(c: Context, { type, maxBytes }: Raw): Promise<Buffer> {
  const given = (c.req.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (given !== type) throw wrong('content-type', `must be ${type}`);
  return await readBytes(c.req.raw, maxBytes);
}

/** How a request gets to its route (./access/perform.ts). */
export type Perform = (c: Context, route: Route) => Promise<Response>;

/** As the audit log has it. */
export const routeName = ({ method, path }: Declaration) => `${method.toUpperCase()} ${path}`;

/** The only way that a route gets into the API. */
export function mount(app: Hono, base: string, routes: readonly Route[], perform: Perform): void {
  const seen = new Set<string>();
  for (const each of routes) {
    const { method, path } = each.declaration;
    const name = routeName(each.declaration);
    if (seen.has(name)) throw new Error(`two routes are ${name}`);
    seen.add(name);
    const at = `${base}${path.replace(/\{(\w+)\}/g, ':$1')}`;
    app.on(method.toUpperCase(), at, (c) => perform(c, each));
  }
}

/** What a list answers. */
export const listOf = <T extends z.ZodType>(items: T) =>
  z.strictObject({ items: z.array(items), next: z.string().optional() });

/** A moment, as `2026-11-23T12:00:00.000Z`. */
export const moment = z.iso.datetime();
