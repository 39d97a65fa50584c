/**
 * The API described for programs, OpenAPI 3.1, made of the routes' declarations:
 * its schemas are JSON Schema 2020-12, which is what zod writes.
 *
 *     GET /api/v1/openapi.json
 */

import { z } from 'zod';
import type { Access } from '#controller/api/access/who.ts';
import { type Declaration, type Route, route } from './route.ts';

export type Json = Readonly<Record<string, unknown>>;

const problem = {
  type: 'object',
  description: 'What went wrong (RFC 9457). `code` is for programs, `detail` for people.',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    field: { type: 'string', description: 'What was wrong in the request, as `keys.0.value`' },
    noun: { type: 'string' },
    id: { type: 'string' },
  },
  required: ['type', 'title', 'status', 'detail', 'code'],
};

const roleNeeded: Record<Access, string> = {
  open: 'Anybody.',
  user: 'Role `user` or more, for what is his own.',
  readOnly: 'Role `readOnly` or more.',
  siteAdmin: 'Role `siteAdmin` or more, for his sites.',
  admin: 'Role `admin` or more.',
  owner: 'Role `owner`.',
};

/** `server`: what stands before every path. */
export function describeApi(routes: readonly Route[], server: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  const tags = new Set<string>();
  for (const { declaration } of routes) {
    const { path, method, tag } = declaration;
    tags.add(tag);
    paths[path] = { ...paths[path], [method]: describe(declaration) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'hotdesk',
      version: '1',
      summary: 'Desk phones that belong to whoever logs in.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: server }],
    security: [{ token: [] }],
    tags: [...tags].map((name) => ({ name })),
    paths,
    components: {
      schemas: { Problem: problem },
      responses: {
        Problem: {
          description: 'Not done, and why',
          content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        },
      },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

/** The description's own route, which is in it too. */
export function openapiRoute(server: string, routes: () => readonly Route[]): Route {
  let made: Json | undefined;
  return route(
    {
      method: 'get',
      path: '/openapi.json',
      access: 'open',
      tag: 'description',
      summary: 'This description',
      answer: z.looseObject({ openapi: z.string() }),
    },
    () => (made ??= describeApi(routes(), server)),
  );
}

/** `list devices` for people is `getDevices` for programs that generate a client. */
export function operationId({ method, path }: Declaration): string {
  const words = path.split(/[/{}.-]/).filter((word) => word !== '');
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function describe(declaration: Declaration): Json {
  const { path, access, tag, summary, status = 200, answer } = declaration;
  const parameters = [...pathParameters(path), ...queryParameters(declaration), ...conditions(declaration)];
  const body = bodyOf(declaration);
  const answered =
    answer === undefined
      ? { 204: { description: 'Done' } }
      : { [status]: { description: status === 201 ? 'Made' : 'Done', content: contentOf(answer) } };
  return {
    operationId: operationId(declaration),
    tags: [tag],
    summary,
    description: roleNeeded[access],
    ...(access === 'open' && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: body }),
    responses: { ...answered, '4XX': refused, '5XX': refused },
  };
}

const refused = { $ref: '#/components/responses/Problem' };

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters({ query }: Declaration): Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(query, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    ...(required.includes(name) && { required: true }),
    schema,
  }));
}

/** A change of one thing can say which one was seen. */
function conditions({ method, path }: Declaration): Json[] {
  if (!['put', 'patch', 'delete'].includes(method) || !path.endsWith('}')) return [];
  const description = 'The ETag of what is to be changed; 412 where it has changed meanwhile';
  return [{ name: 'If-Match', in: 'header', description, schema: { type: 'string' } }];
}

function bodyOf({ body, patch, raw }: Declaration): Json | undefined {
  if (raw !== undefined) return { required: true, content: { [raw.type]: { schema: {} } } };
  if (body !== undefined) {
    return { required: true, content: { 'application/json': { schema: schemaOf(body, 'input') } } };
  }
  if (patch === undefined) return undefined;
  return { required: true, content: { 'application/json': { schema: mergePatchOf(patch) } } };
}

/** RFC 7396: any of the fields, and null to remove one. */
function mergePatchOf(whole: z.ZodObject): Json {
  const {
    properties = {},
    required: _required,
    ...rest
  } = schemaOf(whole, 'input') as { properties?: Record<string, Json>; required?: unknown };
  const fields = Object.entries(properties).map(([name, { default: _, ...schema }]) => [
    name,
    { anyOf: [schema, { type: 'null' }] },
  ]);
  return { ...rest, properties: Object.fromEntries(fields) };
}

function contentOf(answer: NonNullable<Declaration['answer']>): Json {
  if (!(answer instanceof z.ZodType)) return { [answer.type]: { schema: { type: 'string' } } };
  return { 'application/json': { schema: schemaOf(answer, 'output') } };
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
