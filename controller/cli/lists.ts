/** All of a list, however many pages it takes. */

import type { Client } from './client.ts';
import type { Row } from './table.ts';

/** `query`: what is asked besides. */
export async function listAll(
  client: Client,
  path: string,
  query: Readonly<Record<string, string>> = {},
  limit = Number.POSITIVE_INFINITY,
): Promise<Row[]> {
  const found: Row[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = Number.isFinite(limit) ? { limit: String(Math.min(1_000, limit - found.length)) } : {};
    const asked = new URLSearchParams({ ...query, ...page, ...(cursor !== undefined && { cursor }) });
    const answer = (await client.ask('GET', asked.size === 0 ? path : `${path}?${asked}`)) as {
      items: Row[];
      next?: string;
    };
    found.push(...answer.items);
    if (answer.next === undefined || found.length >= limit) return found;
    cursor = answer.next;
  }
}
