/**
 * One POST to an address that an admin typed, so that it cannot be turned
 * against what is behind us (threat: a name that resolves inwards, a redirect,
 * an answer without end):
 *
 *     https   resolved once; the address must be a public one, and is the one
 *             that is dialled; the certificate must be of the name
 *     http    loopback only, written as such: a program on this machine
 *     both    no redirects, 5 s, at most 64 KiB of an answer that nobody reads
 */

import { lookup } from 'node:dns/promises';
import { request as requestHttp } from 'node:http';
import { type RequestOptions, request as requestHttps } from 'node:https';
import { BlockList, isIP } from 'node:net';
import { Fault } from '#protocol/fault.ts';

export type Post = { url: string; body: string; headers: Readonly<Record<string, string>> };

export type PostOptions = {
  resolve?: (host: string) => Promise<readonly string[]>;
  timeoutMs?: number;
  /** PEM of who else may sign. */
  ca?: string;
  /** Addresses that are taken though they are not public: for a test's own server. */
  allow?: (address: string) => boolean;
};

const maxAnswerBytes = 64 * 1024;

/** IANA's special-purpose registries: whatever is not plain unicast of the Internet. */
const special = new BlockList();
// biome-ignore format: a table
for (const [net, bits] of [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12],
  ['192.0.0.0', 24], ['192.0.2.0', 24], ['192.31.196.0', 24], ['192.52.193.0', 24], ['192.88.99.0', 24],
  ['192.168.0.0', 16], ['192.175.48.0', 24], ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 3],
] as const) special.addSubnet(net, bits, 'ipv4');
// Of IPv6 only 2000::/3 is handed out; in it, what leads elsewhere: Teredo and the like, documentation, 6to4.
const global6 = new BlockList();
global6.addSubnet('2000::', 3, 'ipv6');
for (const [net, bits] of [
  ['2001::', 23] as const,
  ['2001:db8::', 32] as const,
  ['2002::', 16] as const,
  ['3fff::', 20] as const,
])
  special.addSubnet(net, bits, 'ipv6');

export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !special.check(address, 'ipv4');
  return family === 6 && global6.check(address, 'ipv6') && !special.check(address, 'ipv6');
}

/** Answers the status. Throws `forbidden` for an address that is not to be dialled, `unavailable` for no answer. */
export async function post({ url, body, headers }: Post, options: PostOptions = {}): Promise<number> {
  const { resolve = resolveAll, timeoutMs = 5_000, ca, allow = () => false } = options;
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const address = protocol === 'http:' ? loopbackOf(host) : await publicOf(host, resolve, allow);
  const wanted: RequestOptions = {
    method: 'POST',
    host: address,
    port: port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port),
    path: pathname + search,
    headers: { ...headers, host: new URL(url).host, 'content-length': Buffer.byteLength(body) },
    signal: AbortSignal.timeout(timeoutMs),
    agent: false,
    ...(protocol === 'https:' && isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
  };
  return new Promise((done, failed) => {
    const refuse = (cause: Error) =>
      failed(new Fault('unavailable', `no answer: ${cause.message}`, {}, { cause }));
    const request = (protocol === 'http:' ? requestHttp : requestHttps)(wanted, (response) => {
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxAnswerBytes) response.destroy();
      });
      response.on('error', () => undefined); // the status was all that mattered
      response.on('close', () => done(response.statusCode ?? 0));
    });
    request.on('error', refuse);
    request.end(body);
  });
}

function loopbackOf(host: string): string {
  if (host === 'localhost') return '127.0.0.1';
  if (/^127\./.test(host) || host === '::1') return host;
  throw new Fault('forbidden', `${host}: http goes to loopback only`);
}

async function publicOf(
  host: string,
  resolve: (host: string) => Promise<readonly string[]>,
  allow: (address: string) => boolean,
): Promise<string> {
  if (/^127\./.test(host) || host === '::1' || host === 'localhost')
    return host === 'localhost' ? '127.0.0.1' : host;
  const addresses = isIP(host) === 0 ? await resolve(host) : [host];
  const inward = addresses.find((address) => !isPublic(address) && !allow(address));
  const [first] = addresses;
  if (inward === undefined && first !== undefined) return first;
  throw new Fault('forbidden', `${host}: ${inward ?? 'no address'} is not on the public Internet`);
}

async function resolveAll(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address);
  } catch (cause) {
    throw new Fault('unavailable', `${host} has no address`, {}, { cause });
  }
}
