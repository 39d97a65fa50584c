/**
 * The line an admin pastes at an office's machine: it fetches the installer from
 * this controller and nobody else, by the pin, and hands it the token.
 */

import { hostname, networkInterfaces } from 'node:os';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import { parseEnrolToken } from '#protocol/tunnel/enrol-token.ts';

/** `host`: as an office reaches us, `name:port`. */
export function formatInstallLine(host: string, token: string): string {
  const [pin] = parseEnrolToken(token).pins;
  // curl wants the pin in base64, padded (its manual, --pinnedpubkey); ours is base64url.
  const pinned =
    pin === undefined ? '' : `k --pinnedpubkey 'sha256//${Buffer.from(pin, 'base64url').toString('base64')}'`;
  return `curl -fsS${pinned} https://${host}/install.sh | sh -s -- agent --controller wss://${host} --token ${token}`;
}

/** What an office may dial when nobody said: our own address, or for all of them the first that is not loopback. */
export function guessHost(listen: HostPort): string {
  if (!/^(?:0\.0\.0\.0|::)$/.test(listen.address)) return formatHostPort(listen);
  const outside = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  return `${outside?.address ?? hostname()}:${listen.port}`;
}
