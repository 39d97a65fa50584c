/**
 * Connections that are to speak TLS, where the certificate comes later and is
 * another one day: a server that listens at nothing is given each socket when there is
 * one to show. Who is let in, and how long he may wait, is for the caller.
 */

import type { Socket } from 'node:net';
import type { Server } from 'node:tls';

/** PEM, for node:tls. */
export type Credentials = { key: string; cert: string };

const shown = new WeakMap<Server, Credentials>();

/** Rejects as `credentials` does; `raw` is then still open. */
export async function enterTls(
  server: Server,
  raw: Socket,
  credentials: () => Promise<Credentials>,
): Promise<void> {
  const current = await credentials();
  // To read a key costs as much as a handshake: once for each certificate.
  if (shown.get(server) !== current) server.setSecureContext(current);
  shown.set(server, current);
  if (!raw.destroyed) server.emit('connection', raw);
}
