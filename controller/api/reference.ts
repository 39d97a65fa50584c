/**
 * The API described for people: one page made of the same declarations. It has
 * no script and asks nobody for anything.
 *
 *     GET /api/v1/reference
 */

import { createHash } from 'node:crypto';
import { describeApi, type Json } from './openapi.ts';
import { type Route, route } from './route.ts';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
summary { cursor: pointer; padding: 0.25rem 0; overflow-wrap: anywhere; }
code, pre { font: 14px/1.4 ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.5rem; border: 1px solid; }
nav a { margin-right: 1rem; }
.method { display: inline-block; min-width: 4rem; font-weight: bold; }
`;
const styleHash = createHash('sha256').update(style).digest('base64');
const headers = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};

export function referenceRoute(server: string, routes: () => readonly Route[]): Route {
  let made: string | undefined;
  return route(
    {
      method: 'get',
      path: '/reference',
      access: 'open',
      tag: 'description',
      summary: 'This description for people',
      answer: { type: 'text/html' },
    },
    ({ c }) => {
      made ??= formatPage(server, describeApi(routes(), server));
      return c.body(made, 200, headers);
    },
  );
}

type Described = {
  tags: { name: string }[];
  paths: Record<string, Record<string, Json & { tags: string[]; summary: string; description: string }>>;
};

function formatPage(server: string, description: Json): string {
  const { tags, paths } = description as unknown as Described;
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = tags.map(({ name }) => {
    const own = all.filter(({ operation }) => operation.tags.includes(name));
    const rows = own.map(({ path, method, operation }) =>
      formatOperation(`${server}${path}`, method, operation),
    );
    return `<h2 id="${anchorOf(name)}">${escaped(name)}</h2>\n${rows.join('\n')}`;
  });
  const links = tags.map(({ name }) => `<a href="#${anchorOf(name)}">${escaped(name)}</a>`);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>hotdesk API</title><style>${style}</style></head>
<body>
<h1>hotdesk API</h1>
<p>The same for programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<nav>${links.join(' ')}</nav>
${sections.join('\n')}
</body>
</html>
`;
}

function formatOperation(
  path: string,
  method: string,
  {
    summary,
    description,
    parameters,
    requestBody,
    responses,
  }: Json & { summary: string; description: string },
): string {
  const parts = Object.entries({ parameters, 'What is sent': requestBody, 'What is answered': responses })
    .filter(([, value]) => value !== undefined)
    .map(([title, value]) => `<p>${escaped(title)}</p><pre>${escaped(JSON.stringify(value, null, 2))}</pre>`);
  return `<details><summary><span class="method">${method.toUpperCase()}</span> <code>${escaped(path)}</code> ${escaped(summary)}</summary>
<p>${escaped(description)}</p>${parts.join('\n')}</details>`;
}

const anchorOf = (name: string) => name.replace(/[^a-z0-9]+/gi, '-');

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escaped = (text: string) => text.replace(/[&<>"]/g, (each) => entities[each] ?? each);
