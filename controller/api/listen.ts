/**
 * Where the API is reached: a TCP port on loopback or a named address, and the
 * control socket in the data folder for whoever may open it.
 */

import { chmod, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { createServer as createSecureServer, Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { loadAssets } from '#controller/web/assets.ts';
import { formatHostPort, type HostPort, isLoopback } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { type AppDeps, createApp } from './app.ts';
import type { Certificate } from './certificate.ts';

export type ApiOptions = Omit<AppDeps, 'access' | 'assets' | 'pageUrl'> & {
  listen: HostPort;
  /** The control socket's path. */
  socket: string;
  /** Absent: plain HTTP, which only loopback may have. */
  tls?: Certificate | undefined;
  /** Who reads nothing of his answer for so long is let go. */
  silentMs?: number;
};

export interface Api {
  readonly address: HostPort;
  /** Where the page is: `https://hotdesk.example:8480`. */
  readonly url: string;
  close(): Promise<void>;
}

const closeMs = 2_000;
/** What a sockaddr_un holds, less the closing zero. */
const maxSocketPath = 107;

export async function listenApi({
  listen,
  socket,
  tls,
  silentMs = 120_000,
  ...deps
}: ApiOptions): Promise<Api> {
  if (Buffer.byteLength(socket) > maxSocketPath) {
    throw new Fault('input.invalid', `data: "${socket}" is too long for a socket's name`, { field: 'data' });
  }
  if (tls === undefined && !isLoopback(listen.address)) {
    throw new Fault('input.invalid', 'api-listen: off loopback the API speaks HTTPS only', {
      field: 'api-listen',
    });
  }
  const names = new Set<string>();
  let url = '';
  const hosts = { has: (host: string) => names.has(host) || (tls?.isFor(nameIn(host)) ?? false) };
  const access = { type: 'token', hosts, isSecure: tls !== undefined } as const;
  const shared = { ...deps, pageUrl: () => url };
  const tcp = serverOf(createApp({ ...shared, access, assets: loadAssets() }).fetch, tls);
  tcp.timeout = silentMs;
  // Who has nothing to read is not slow: we are, as over a whole site of phones that do not answer.
  tcp.on('timeout', (client) => {
    if (client.writableLength > 0) client.destroy();
  });
  await listening(tcp, () => tcp.listen(listen.port, listen.address));
  const { port } = tcp.address() as AddressInfo;
  const ends = isLoopback(listen.address) ? ['127.0.0.1', '::1'] : [listen.address];
  for (const host of ends) names.add(formatHostPort({ address: host, port }));
  if (isLoopback(listen.address)) names.add(`localhost:${port}`);
  url = `${tls === undefined ? 'http' : 'https'}://${tls?.name === undefined ? formatHostPort({ address: listen.address, port }) : `${tls.name}:${port}`}`;

  // Ours alone by the store's lock: what is still there was left by a crash.
  await rm(socket, { force: true });
  const local = serverOf(createApp({ ...shared, access: { type: 'local' } }).fetch);
  await listening(local, () => local.listen(socket));
  await chmod(socket, 0o600);
  for (const server of [tcp, local]) {
    server.on('error', (err) => deps.log.error({ err }, 'a connection could not be accepted'));
  }

  let closing: Promise<unknown> | undefined;
  return {
    address: { address: listen.address, port },
    url,
    async close() {
      closing ??= Promise.all([closed(tcp), closed(local)]);
      await closing;
    },
  };
}

function serverOf(
  fetch: (request: Request) => Response | Promise<Response>,
  tls?: Certificate | undefined,
): Server {
  const limits = { requestTimeout: 15_000, headersTimeout: 5_000, maxHeaderSize: 16_384 };
  const plain = { fetch, overrideGlobalObjects: false };
  const server = (
    tls === undefined
      ? createAdaptorServer({ ...plain, serverOptions: limits })
      : createAdaptorServer({
          ...plain,
          createServer: createSecureServer,
          serverOptions: { ...limits, ...tls.current, minVersion: 'TLSv1.2', handshakeTimeout: 10_000 },
        })
  ) as Server;
  server.maxConnections = 256;
  if (server instanceof SecureServer) tls?.watch((changed) => server.setSecureContext(changed));
  return server;
}

/** Of a Host header, without the port. */
const nameIn = (host: string) => host.replace(/:\d{1,5}$/, '').replace(/^\[|\]$/g, '');

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    listen();
  });
}

/** Requests in hand are answered, for a while; idle connections go at once. */
function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), closeMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
