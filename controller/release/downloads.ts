/**
 * The release over the public listener, for anyone who asks: an office has no key
 * of ours before it is installed. Nothing else is served, by exact name.
 *
 *     GET /install.sh
 *     GET /bundle/manifest.json, /bundle/manifest.sig, /bundle/agent.mjs
 *     GET /bundle/node-linux-x64.tar.gz, /bundle/node-linux-arm64.tar.gz    where they were added
 *
 * So many at a time, and nobody slow for ever: who waits takes no place of an agent's.
 */

import { open } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Release } from './release.ts';

const idleMs = 30_000;

export type Downloads = {
  readonly counters: { downloads: number; downloadsRefused: number };
  /** False: it is not ours to answer. */
  answer(request: IncomingMessage, response: ServerResponse): boolean;
};

export function createDownloads(release: Release, { atOnce = 32 }: { atOnce?: number } = {}): Downloads {
  const counters = { downloads: 0, downloadsRefused: 0 };
  let underway = 0;
  const small = new Map<string, Buffer>([
    ...[...release.contents].map(([path, bytes]): [string, Buffer] => [`/bundle/${path}`, bytes]),
    ['/bundle/manifest.json', Buffer.from(release.manifest)],
    ['/bundle/manifest.sig', Buffer.from(`${release.signature}\n`)],
  ]);
  const script = small.get('/bundle/install.sh');
  if (script !== undefined) small.set('/install.sh', script);
  small.delete('/bundle/install.sh');
  const large = new Map([...release.files].map(([path, file]) => [`/bundle/${path}`, file]));

  return {
    counters,
    answer(request, response) {
      const path = request.url ?? '';
      const [bytes, file] = [small.get(path), large.get(path)];
      if (request.method !== 'GET' || (bytes === undefined && file === undefined)) return false;
      request.resume();
      if (underway >= atOnce) {
        counters.downloadsRefused++;
        response.writeHead(503, { connection: 'close', 'retry-after': '30', 'content-length': 0 }).end();
        return true;
      }
      underway++;
      counters.downloads++;
      response.once('close', () => underway--);
      response.setTimeout(idleMs, () => response.destroy());
      if (bytes !== undefined) response.writeHead(200, head(bytes.length)).end(bytes);
      else if (file !== undefined) sendFile(file, response).catch(() => response.destroy());
      return true;
    },
  };
}

const head = (length: number) => ({
  connection: 'close',
  'cache-control': 'no-store',
  'content-type': 'application/octet-stream',
  'content-length': length,
});

/** What an operator has not added is not there. */
async function sendFile(file: string, response: ServerResponse): Promise<void> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) {
    response.writeHead(404, { connection: 'close', 'content-length': 0 }).end();
    return;
  }
  try {
    const { size } = await handle.stat();
    response.writeHead(200, head(size));
    await pipeline(handle.createReadStream({ autoClose: false }), response);
  } finally {
    await handle.close();
  }
}
