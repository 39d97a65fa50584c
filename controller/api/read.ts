/** Outside input becomes what we know, or a fault that names the field. */

import type { Context } from 'hono';
import type { z } from 'zod';
import { Fault } from '#protocol/fault.ts';
import { nearest } from '#protocol/nearest.ts';

const maxBodyBytes = 256 * 1024;

/** Throws `input.invalid` with the first field that is wrong. */
export function read<T extends z.ZodObject>(schema: T, value: unknown): z.infer<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const field = [...issue.path, issue.keys[0] ?? ''].join('.');
    const near = nearest(field, Object.keys(schema.shape));
    throw wrong(field, `there is no such field${near === undefined ? '' : `; did you mean "${near}"?`}`);
  }
  throw wrong(issue?.path.join('.') ?? '', issue?.message ?? 'not understood');
}

/**
 * What a document becomes by a PATCH (RFC 7396, one level): fields of the body
 * replace, null removes, and the whole is checked as a new one would be.
 */
export function patched<T extends z.ZodObject>(
  schema: T,
  body: Readonly<Record<string, unknown>>,
  current: object,
  { id, merged = [] }: { id: string; merged?: readonly string[] },
): z.infer<T> {
  if (id in body) throw wrong(id, 'cannot be changed');
  const result = merge(current, body);
  for (const field of merged) {
    const [before, change] = [Reflect.get(current, field), body[field]];
    if (isObject(change)) result[field] = merge(isObject(before) ? before : {}, change);
  }
  return read(schema, result);
}

function merge(before: object, changes: object): Record<string, unknown> {
  const all = Object.entries({ ...before, ...changes });
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export async function readObject(c: Context): Promise<Record<string, unknown>> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\s*(?:;|$)/i.test(type)) throw wrong('content-type', 'must be application/json');
  let body: unknown;
  try {
    body = JSON.parse((await readBytes(c.req.raw)).toString());
  } catch (error) {
    if (Fault.is(error)) throw error;
    throw wrong('body', 'is not JSON');
  }
  if (!isObject(body)) throw wrong('body', 'is not a JSON object');
  return body;
}

/** Not more than a bound of it, whatever length was announced. */
export async function readBytes(request: Request, maxBytes = maxBodyBytes): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new Fault('input.invalid', `body: has more than ${maxBytes} bytes`, {
        field: 'body',
        status: 413,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export const wrong = (field: string, why: string) =>
  new Fault('input.invalid', `${field}: ${why}`, { field });

export function missing(noun: string, id: string): Fault {
  return new Fault('not.found', `there is no ${noun} "${id}"`, { noun, id });
}

export function taken(noun: string, id: string, field: string): Fault {
  return new Fault('conflict', `${field}: there is a ${noun} "${id}" already`, { field, noun, id });
}

/**
 * The revision that a change expects: what was just read, if that is what
 * `If-Match` names. Throws what becomes a 412 where it is not (RFC 9110 13.1.1).
 */
export function expected(c: Context, { revision }: { revision: number }): number {
  if (c.req.header('if-none-match') === '*') {
    throw new Fault('conflict', 'if-none-match: there is one', { field: 'if-none-match', status: 412 });
  }
  const header = c.req.header('if-match');
  if (header === undefined || header === '*') return revision;
  const tags = header.split(',').map((tag) => tag.trim());
  if (tags.includes(formatTag(revision))) return revision;
  throw new Fault('conflict', 'if-match: has changed meanwhile', { field: 'if-match', status: 412 });
}

/** That something is made only where nothing is: nobody can have seen a revision of it. */
export function absent(c: Context): 'absent' {
  if (c.req.header('if-match') === undefined) return 'absent';
  throw new Fault('conflict', 'if-match: there is none yet', { field: 'if-match', status: 412 });
}

/**
 * What a commit refused because somebody was quicker is, for who named what he
 * had seen, the same as if it had been seen before: 412 (RFC 9110 13.1.1).
 */
export function asPrecondition(c: Context, error: unknown): unknown {
  const isLate = Fault.is(error) && error.code === 'conflict' && error.facts.collection !== undefined;
  const field = ['if-match', 'if-none-match'].find((name) => c.req.header(name) !== undefined);
  if (!isLate || field === undefined) return error;
  return new Fault('conflict', `${field}: has changed meanwhile`, { field, status: 412 }, { cause: error });
}

/** What `If-Match` can be told afterwards. */
export function tag(c: Context, { revision }: { revision: number }): void {
  c.header('etag', formatTag(revision));
}

const formatTag = (revision: number) => `"${revision}"`;
