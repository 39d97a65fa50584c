/**
 * One WebSocket to the controller: pinned, and with the proof that this agent
 * has its key in the upgrade request, so before any frame.
 */

import type { KeyObject } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { Fault } from '#protocol/fault.ts';
import { socketOptions } from '#protocol/tunnel/attach.ts';
import { type Binding, exporter, signProof } from '#protocol/tunnel/proof.ts';
import { nextPinHeader, paths, type SocketKind, subprotocol } from '#protocol/tunnel/version.ts';
import { ask, dial, type Way } from './dial.ts';

/** Where TLS ends: at the controller, or at a proxy before it (or nowhere, on loopback). */
export type Ending = 'controller' | 'proxy';

export type SocketOptions = Way & {
  kind: SocketKind;
  identity: { agent: string; privateKey: KeyObject };
  ending: Ending;
};

export type Opened = {
  /** Paused: `resume` it when it is listened to. */
  socket: WebSocket;
  /** The pin that was right, and the one of the key that comes after it: what to trust from now on. */
  pins: readonly string[];
};

/** Rejects as `dial` does, and with `auth.refused`, `version.mismatch`. */
export async function openSocket({ kind, identity, ending, ...way }: SocketOptions): Promise<Opened> {
  const nonce = ending === 'proxy' ? await askNonce(way) : undefined;
  const { socket, pin } = await dial(way);
  const binding: Binding =
    socket instanceof TLSSocket && nonce === undefined
      ? {
          type: 'exporter',
          material: socket.exportKeyingMaterial(exporter.bytes, exporter.label, exporter.context),
        }
      : { type: 'nonce', nonce: nonce ?? '' };
  const authorization = signProof(kind, identity.agent, binding, identity.privateKey);
  const { opened, nextPin } = await upgrade(way, paths[kind], {
    socket,
    authorization,
    masks: binding.type === 'nonce',
  });
  const pins = [pin, nextPin].filter((each) => each !== undefined);
  return { socket: opened, pins: nextPin === undefined ? way.pins : pins };
}

async function askNonce(way: Way): Promise<string> {
  const { status, text } = await ask(way, { method: 'GET', path: paths.nonce });
  if (status !== 200) throw new Fault('auth.refused', `${way.controller.host} gives no nonce`, { status });
  return text;
}

function upgrade(
  { controller, signal, timeoutMs = 10_000 }: Way,
  path: string,
  { socket, authorization, masks }: { socket: Socket; authorization: string; masks: boolean },
): Promise<{ opened: WebSocket; nextPin: string | undefined }> {
  return new Promise((resolve, reject) => {
    // `ws:` whatever the controller's scheme is: TLS is there already, below.
    const opened = new WebSocket(`ws://${controller.host}${path}`, subprotocol, {
      ...socketOptions,
      createConnection: () => socket,
      handshakeTimeout: timeoutMs,
      headers: { authorization },
      ...(!masks && { generateMask: noMask }),
    });
    let nextPin: string | undefined;
    const giveUp = () => socket.destroy(); // which is an error of `opened`
    signal?.addEventListener('abort', giveUp, { once: true });
    socket.once('close', () => signal?.removeEventListener('abort', giveUp));
    const fail = (fault: Fault) => {
      socket.destroy();
      reject(fault);
    };
    opened.once('upgrade', ({ headers }: IncomingMessage) => {
      const named = headers[nextPinHeader];
      if (typeof named === 'string' && /^[A-Za-z0-9_-]{43}$/.test(named)) nextPin = named;
    });
    opened.once('unexpected-response', (_, { statusCode = 0 }: IncomingMessage) =>
      fail(refusalOf(controller, statusCode)),
    );
    opened.once('error', (cause) =>
      fail(new Fault('unavailable', `${controller.host}: ${cause.message}`, {}, { cause })),
    );
    opened.once('open', () => {
      signal?.removeEventListener('abort', giveUp);
      opened.pause(); // until someone listens: the controller speaks first as often as we do
      resolve({ opened, nextPin });
    });
  });
}

/**
 * RFC 6455 10.3: a mask is there for what stands between the two ends and reads along. Inside the
 * TLS of the controller itself nothing does, and a mask costs both ends a look at every byte.
 */
function noMask(mask: Buffer): void {
  mask.fill(0);
}

function refusalOf({ host }: URL, status: number): Fault {
  if (status === 401) return new Fault('auth.refused', `${host} does not take this agent`, { status });
  if (status === 426) return new Fault('version.mismatch', `${host} speaks another version`, { status });
  return new Fault('unavailable', `${host} answers ${status}`, { status });
}
