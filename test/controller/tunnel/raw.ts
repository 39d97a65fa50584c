/** Requests to the hub byte by byte, as one who has not our agent would make them. */

import { type KeyObject, sign } from 'node:crypto';
import { connect as connectPlain } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { exporter, signProof } from '#protocol/tunnel/proof.ts';
import type { SocketKind } from '#protocol/tunnel/version.ts';
import type { World } from './world.ts';

export async function openTls(world: World): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port: world.hub.address.port, rejectUnauthorized: false });
  socket.on('error', () => {});
  await new Promise((resolve) => {
    socket.once('secureConnect', resolve);
  });
  return socket;
}

/** Sends it, and answers with all that comes back until the other end closes. */
export async function exchange(
  world: World,
  request: string | ((socket: TLSSocket) => string),
): Promise<string> {
  const socket = await openTls(world);
  socket.write(typeof request === 'string' ? request : request(socket));
  return await readAll(socket);
}

export async function exchangePlain(world: World, request: string): Promise<string> {
  const socket = connectPlain(world.hub.address.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(request);
  return await readAll(socket);
}

function readAll(socket: NodeJS.ReadableStream & { destroy(): void }): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    socket.on('data', (bytes: Buffer) => {
      answer += bytes.toString('latin1');
      if (answer.startsWith('HTTP/1.1 101')) socket.destroy();
    });
    socket.on('close', () => resolve(answer));
  });
}

export function upgradeRequest(
  path: string,
  authorization: string | undefined,
  protocol = 'hotdesk.v1',
): string {
  return [
    `GET ${path} HTTP/1.1`,
    'Host: hotdesk',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...(protocol ? [`Sec-WebSocket-Protocol: ${protocol}`] : []),
    ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
    '',
    '',
  ].join('\r\n');
}

export function post(path: string, body: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: hotdesk\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

export const proofOn = (socket: TLSSocket, kind: SocketKind, agent: string, key: KeyObject) =>
  signProof(kind, agent, { type: 'exporter', material: materialOf(socket) }, key);

export const materialOf = (socket: TLSSocket) =>
  socket.exportKeyingMaterial(exporter.bytes, exporter.label, exporter.context);

/** A signature over bytes of the caller's own making. */
export const signed = (key: KeyObject, bytes: Uint8Array) => sign(null, bytes, key).toString('base64url');
