/**
 * A web cache in front of a config server, as offices have them: what it has
 * once seen it gives again, as long as it is told to be stale.
 */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type ConfigCache = {
  /** To be used instead of the folder it was opened for. */
  readonly url: string;
  isStale: boolean;
  /** Files asked for while it was stale. */
  readonly staleAnswers: number;
  close(): Promise<void>;
};

type Kept = { status: number; etag: string; body: string };

export async function openConfigCache(folder: string): Promise<ConfigCache> {
  const kept = new Map<string, Kept>();
  let staleAnswers = 0;

  async function look(name: string): Promise<Kept> {
    const old = kept.get(name);
    if (cache.isStale) staleAnswers++;
    if (cache.isStale && old !== undefined) return old;
    const answer = await fetch(folder + name);
    const found = {
      status: answer.status,
      etag: answer.headers.get('etag') ?? '',
      body: await answer.text(),
    };
    kept.set(name, found);
    return found;
  }

  const server = createServer((request, response) => {
    look((request.url ?? '/').slice(1)).then(
      ({ status, etag, body }) => response.writeHead(status, { etag }).end(body),
      () => response.writeHead(502).end(),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cache = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    isStale: false,
    get staleAnswers() {
      return staleAnswers;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return cache;
}
