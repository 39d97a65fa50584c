/**
 * The office's web proxy: who goes through it, and how (RFC 9110 9.3.6).
 *
 *     HTTPS_PROXY   http://user:password@proxy.example:3128      https:// to it too
 *     NO_PROXY      *   name   .name   name:port   192.0.2.1   10.0.0.0/8       commas between
 *
 * In capitals or small letters, small ones first, as curl has it. A loopback controller is
 * never asked through a proxy of the environment. The proxy sees the controller's name and
 * port and then TLS, whose key is checked as ever: it is no more trusted than the wire.
 */

import { request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import { BlockList, isIP, type Socket } from 'node:net';
import { Fault } from '#protocol/fault.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** `set`: what the configuration says, which stands above the environment. Throws `input.invalid` without the credentials. */
export function proxyFor(controller: URL, env: Env, set?: string): URL | undefined {
  if (controller.protocol !== 'wss:') return undefined;
  if (set !== undefined) return set === 'none' ? undefined : readProxy(set, 'proxy');
  const name = ['https_proxy', 'HTTPS_PROXY'].find((each) => (env[each] ?? '') !== '');
  const exempt = env.no_proxy ?? env.NO_PROXY ?? '';
  if (name === undefined || isExempt(controller, exempt)) return undefined;
  return readProxy(env[name] ?? '', name);
}

/** Without a scheme it is http, as curl has it. */
export function readProxy(text: string, field: string): URL {
  const written = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.hostname !== '') return url;
  throw new Fault('input.invalid', `${field}: it is like http://user:password@host:port`, { field });
}

/** For logs and reports: who it is, not how we may. */
export function maskProxy(set: string): string {
  if (set === 'none') return set;
  const { protocol, username, password, host } = readProxy(set, 'proxy');
  return `${protocol}//${username + password === '' ? '' : '***@'}${host}`;
}

function isExempt({ hostname, port }: URL, exempt: string): boolean {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
  const own = ['localhost', '127.0.0.0/8', '::1'];
  const rows = [...own, ...exempt.toLowerCase().split(/[\s,]+/)].filter((row) => row !== '');
  return rows.some((row) => row === '*' || isNamed(row, host, port || '443'));
}

function isNamed(row: string, host: string, port: string): boolean {
  if (isIP(host) !== 0)
    return isInNetwork(row, host) || row === `${host}:${port}` || row === `[${host}]:${port}`;
  const [, name = '', wanted = port] = /^\*?\.?([^:]+)(?::(\d+))?$/.exec(row) ?? [];
  return wanted === port && (host === name || host.endsWith(`.${name}`));
}

function isInNetwork(row: string, host: string): boolean {
  const [address = '', prefix] = row.replace(/^\[(.*)\]$/, '$1').split('/');
  if (isIP(address) === 0 || isIP(address) !== isIP(host)) return false;
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  const bits = Number(prefix ?? (family === 'ipv4' ? 32 : 128));
  if (!Number.isInteger(bits) || bits < 0 || bits > (family === 'ipv4' ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, bits, family);
  return list.check(host, family);
}

/** What a status of the proxy asks of an admin. */
const advice: Readonly<Record<number, string>> = {
  403: 'it forbids that: have the controller’s name and port allowed',
  405: 'it does not do CONNECT: have that allowed for the controller’s name and port',
  407: 'it wants another name and password: HTTPS_PROXY=http://user:password@host:port (Basic)',
  502: 'it does not reach the controller, or does not know its name',
  503: 'it does not reach the controller, or does not know its name',
  504: 'it does not reach the controller in time',
};

export type ConnectOptions = { to: string; signal: AbortSignal };

/** A socket through which `to` (HOST:PORT) hears. Rejects with `unavailable` that names the proxy, and has its `proxyStatus`. */
export function connectThrough(proxy: URL, { to, signal }: ConnectOptions): Promise<Socket> {
  const named = maskProxy(proxy.href);
  const failed = (why: string, facts = {}, cause?: Error) =>
    new Fault('unavailable', `the proxy ${named}: ${why}`, { proxy: named, ...facts }, { cause });
  return new Promise((resolve, reject) => {
    const credentials = [proxy.username, proxy.password].map(decode).join(':');
    const asking = (proxy.protocol === 'https:' ? tlsRequest : plainRequest)({
      method: 'CONNECT',
      host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(proxy.port || (proxy.protocol === 'https:' ? 443 : 80)),
      path: to,
      agent: false,
      signal,
      headers: {
        host: to,
        ...(credentials !== ':' && {
          'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}`,
        }),
      },
    });
    asking.once('connect', ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
      if (statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        return resolve(socket);
      }
      socket.destroy();
      const hint = advice[statusCode] ?? 'it does not let us through';
      reject(failed(`it answers ${statusCode}; ${hint}`, { proxyStatus: statusCode }));
    });
    // What answers CONNECT with a page is a web server.
    asking.once('response', (response) => {
      response.destroy();
      reject(failed('it answers like no proxy'));
    });
    asking.once('error', (cause) => {
      reject(failed(signal.aborted ? 'no answer' : cause.message, {}, cause));
    });
    asking.end();
  });
}

/** As typed where it is no percent-encoding. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
