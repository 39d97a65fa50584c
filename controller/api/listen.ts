/**
 * Where the API is reached: a TCP port on loopback or a named address, and the
 * control socket in the data folder for whoever may open it.
 */

import { chmod, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { loadAssets } from '#controller/web/assets.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { type AppDeps, createApp } from './app.ts';

export type ApiOptions = Omit<AppDeps, 'access' | 'assets'> & {
  listen: HostPort;
  /** The control socket's path. */
  socket: string;
};

export interface Api {
  readonly address: HostPort;
  close(): Promise<void>;
}

const closeMs = 2_000;
/** What a sockaddr_un holds, less the closing zero. */
const maxSocketPath = 107;

export async function listenApi({ listen, socket, ...deps }: ApiOptions): Promise<Api> {
  if (Buffer.byteLength(socket) > maxSocketPath) {
    throw new Fault('input.invalid', `data: "${socket}" is too long for a socket's name`, { field: 'data' });
  }
  const hosts = new Set<string>();
  const tcp = serverOf(createApp({ ...deps, access: { type: 'token', hosts }, assets: loadAssets() }).fetch);
  await listening(tcp, () => tcp.listen(listen.port, listen.address));
  const { port } = tcp.address() as AddressInfo;
  for (const host of [listen.address, '127.0.0.1', '::1']) hosts.add(formatHostPort({ address: host, port }));
  hosts.add(`localhost:${port}`);

  // Ours alone by the store's lock: what is still there was left by a crash.
  await rm(socket, { force: true });
  const local = serverOf(createApp({ ...deps, access: { type: 'local' } }).fetch);
  await listening(local, () => local.listen(socket));
  await chmod(socket, 0o600);

  let closing: Promise<unknown> | undefined;
  return {
    address: { address: listen.address, port },
    async close() {
      closing ??= Promise.all([closed(tcp), closed(local)]);
      await closing;
    },
  };
}

function serverOf(fetch: (request: Request) => Response | Promise<Response>): Server {
  const limits = { requestTimeout: 15_000, headersTimeout: 5_000, maxHeaderSize: 16_384 };
  const server = createAdaptorServer({
    fetch,
    serverOptions: limits,
    overrideGlobalObjects: false,
  }) as Server;
  server.maxConnections = 256;
  return server;
}

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
