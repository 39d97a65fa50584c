/**
 * The way to the controller: TCP, TLS, and the pin. Node asks no identity check
 * of a self-signed chain, so TLS is dialled first, the key of the other end is
 * compared, and only then does anyone get the socket to write to: to another
 * key not a byte of ours is sent.
 */

import { createHash } from 'node:crypto';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isLoopback } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { connectThrough } from './proxy.ts';

export type Way = {
  controller: URL;
  /** Through this one: ./proxy.ts. */
  proxy?: URL | undefined;
  pins: readonly string[];
  /** Plain `ws` to an address that is not loopback. */
  allowPlain?: boolean;
  signal?: AbortSignal;
  timeoutMs?: number;
};

/** `pin`: the one that was right; undefined on a plain socket. */
export type Dialled = { socket: Socket; pin: string | undefined };

/** Rejects with `unavailable`, `pin.mismatch`, `forbidden` (plain where that is not allowed), `input.invalid`. */
export async function dial({ timeoutMs = 10_000, signal, ...way }: Way): Promise<Dialled> {
  const { controller, allowPlain = false } = way;
  const { host, isTls } = endOf(controller);
  if (!isTls && controller.protocol !== 'ws:') {
    throw new Fault('input.invalid', 'controller: its address begins with wss://', { field: 'controller' });
  }
  // Names other than localhost are not looked up for this: they may answer differently the next time.
  if (!isTls && !allowPlain && host !== 'localhost' && !isLoopback(host)) {
    throw new Fault('forbidden', 'plain ws:// goes to this host only, unless it is allowed in so many words');
  }
  const giving = new AbortController();
  const abort = () => giving.abort(new Fault('unavailable', 'given up'));
  const timer = setTimeout(() => giving.abort(unreachable(controller, 'no answer')), timeoutMs);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    return await dialWithin(giving.signal, way);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

async function dialWithin(signal: AbortSignal, { controller, proxy, pins }: Way): Promise<Dialled> {
  const { host, port, isTls } = endOf(controller);
  const to = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const through = proxy && (await connectThrough(proxy, { to, signal }));
  const at = through === undefined ? { host, port } : { socket: through };
  const tls = {
    rejectUnauthorized: false,
    minVersion: 'TLSv1.3',
    ...(isIP(host) === 0 && { servername: host }),
  } as const;
  const socket = isTls ? connectTls({ ...tls, ...at }) : connectPlain({ host, port });

  return await new Promise((resolve, reject) => {
    const fail = (fault: Fault) => {
      done();
      socket.destroy();
      through?.destroy();
      reject(fault);
    };
    const abort = () => fail(signal.reason as Fault);
    const failed = (cause: Error) => fail(unreachable(controller, cause.message, cause));
    const done = () => {
      signal.removeEventListener('abort', abort);
      socket.off('error', failed);
      socket.on('error', () => {}); // whoever has the socket hears of its close
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.on('error', failed);
    if (signal.aborted) return abort();
    socket.once(isTls ? 'secureConnect' : 'connect', () => {
      const pin = isTls ? pinOf(socket) : undefined;
      if (isTls && (pin === undefined || !pins.includes(pin))) {
        const other = `${controller.host} has another key than the one this agent was enrolled with`;
        const whose = proxy === undefined ? '' : '; perhaps the proxy opens TLS, which has to be off for it';
        return fail(new Fault('pin.mismatch', `${other}${whose}`));
      }
      done();
      resolve({ socket, pin });
    });
  });
}

/** Without brackets; of a port that is not said, the usual one. */
export function endOf(controller: URL): { host: string; port: number; isTls: boolean } {
  const isTls = controller.protocol === 'wss:';
  const host = controller.hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: Number(controller.port || (isTls ? 443 : 80)), isTls };
}

/** One request over a way of its own; `body` is sent as JSON. The answer's body is at most 4 KiB. */
export async function ask(
  way: Way,
  { method, path, body }: { method: 'GET' | 'POST'; path: string; body?: object },
): Promise<{ status: number; headers: IncomingHttpHeaders; text: string }> {
  const { socket } = await dial(way);
  try {
    return await new Promise((resolve, reject) => {
      const failed = (cause: Error) => reject(unreachable(way.controller, cause.message, cause));
      const sent = body === undefined ? '' : JSON.stringify(body);
      const asking = request(
        {
          method,
          path,
          createConnection: () => socket,
          headers: {
            host: way.controller.host,
            connection: 'close',
            ...(sent && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(sent) }),
          },
          ...(way.signal && { signal: way.signal }),
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('error', failed);
          response.on('data', (part: string) => {
            text += part;
            if (text.length > 4_096) response.destroy(new Error('the answer is too long'));
          });
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
          );
        },
      );
      asking.setTimeout(way.timeoutMs ?? 10_000, () => asking.destroy(new Error('no answer')));
      asking.on('error', failed);
      asking.end(sent);
    });
  } finally {
    socket.destroy();
  }
}

/** What is at `path`, over a way of its own; rejects with `unavailable` when it is not `bytes` long. */
export async function download(way: Way, path: string, bytes: number): Promise<Buffer> {
  const { socket } = await dial(way);
  try {
    return await new Promise((resolve, reject) => {
      const failed = (cause: Error) => reject(unreachable(way.controller, cause.message, cause));
      const headers = { host: way.controller.host, connection: 'close' };
      const asking = request({ path, createConnection: () => socket, headers }, (response) => {
        const chunks: Buffer[] = [];
        let got = 0;
        response.on('error', failed);
        response.on('data', (chunk: Buffer) => {
          got += chunk.length;
          if (got > bytes) response.destroy(new Error(`${path} is longer than it should be`));
          else chunks.push(chunk);
        });
        response.on('end', () => {
          if (response.statusCode === 200 && got === bytes) resolve(Buffer.concat(chunks));
          else failed(new Error(`${path} is not to be had (${response.statusCode}, ${got} bytes)`));
        });
      });
      asking.setTimeout(way.timeoutMs ?? 10_000, () => asking.destroy(new Error('no answer')));
      asking.on('error', failed);
      asking.end();
    });
  } finally {
    socket.destroy();
  }
}

function pinOf(socket: Socket): string | undefined {
  if (!('getPeerX509Certificate' in socket)) return undefined;
  const certificate = (socket as ReturnType<typeof connectTls>).getPeerX509Certificate();
  const spki = certificate?.publicKey.export({ type: 'spki', format: 'der' });
  return spki && createHash('sha256').update(spki).digest('base64url');
}

const unreachable = (controller: URL, why: string, cause?: Error) =>
  new Fault('unavailable', `${controller.host} is not reached: ${why}`, {}, { cause });
