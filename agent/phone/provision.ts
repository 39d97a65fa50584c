/**
 * Auto provisioning as a Yealink does it.
 *
 *     GET <url>/<mac>.boot                 404: the next
 *     GET <url>/y000000000000.boot         404: y0000000000NN.cfg and <mac>.cfg
 *     GET what the boot file includes      404 is fine
 *     GET <url>/<mac>.cfg                  must be there
 *     GET static.trusted_certificates.url  if the files name one
 *
 * What comes of it is a new memory, once the last file is read, so a server that
 * fails half way changes nothing. Redirects are not followed: a phone that
 * is handed from server to server by what it fetched belongs to whoever asks.
 */

import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { Fault } from '#protocol/fault.ts';
import { type PhoneModel, userAgentOf } from './model.ts';
import { applySettings, type Memory, parseYealink, type YealinkFile } from './yealink.ts';

export type ProvisionOptions = {
  /** The folder of the files. */
  url: string;
  /** Twelve hexadecimal digits, small letters. */
  mac: string;
  model: PhoneModel;
  memory: ReadonlyMap<string, string>;
  maxFileBytes?: number;
  timeoutMs?: number;
  signal?: AbortSignal;
};

export type Provisioned = {
  /** The settings before, and what the files changed in them. */
  memory: Memory;
  /** Every file that was there, in the order it was applied. */
  files: string[];
  /** Of <mac>.cfg. */
  etag?: string;
  skippedLines: number;
  /** PEM of the authority that the files name. */
  trusted?: string;
};

/** Throws `input.invalid`, `not.found`, `unavailable`; `limit.reached` for a file too long. */
export async function provision({ memory, ...options }: ProvisionOptions): Promise<Provisioned> {
  const read = (name: string) => fetchFile(name, options);
  const own = `${options.mac}.cfg`;
  const boot = (await read(`${options.mac}.boot`)) ?? (await read('y000000000000.boot'));
  const common = `y${String(options.model.common).padStart(12, '0')}.cfg`;
  const included = boot?.includes.map((name) => name.replace(/\$mac\b/gi, options.mac)) ?? [common];

  const files: Fetched[] = [];
  for (const name of new Set([...included, own])) {
    const file = await read(name);
    if (file !== undefined) files.push(file);
  }
  const ownFile = files.find(({ name }) => name === own);
  if (ownFile === undefined) throw new Fault('not.found', `there is no ${own}`, { noun: 'config', id: own });

  const next: Memory = new Map(boot?.isOverwriting === true ? [] : memory);
  for (const file of files) applySettings(next, file);
  const authority = next.get('static.trusted_certificates.url');
  const trusted = authority === undefined ? undefined : await fetchText(authority, options);
  return {
    memory: next,
    ...(trusted && { trusted: trusted.text }),
    files: files.map(({ name }) => name),
    ...(ownFile.etag === undefined ? {} : { etag: ownFile.etag }),
    skippedLines: files.reduce((sum, { skippedLines }) => sum + skippedLines, 0),
  };
}

type Fetched = YealinkFile & { name: string; etag?: string };
type FetchOptions = Omit<ProvisionOptions, 'memory'>;

/** Undefined: the server has no such file. */
async function fetchFile(name: string, options: FetchOptions): Promise<Fetched | undefined> {
  const file = await fetchText(name, options);
  if (file === undefined) return undefined;
  const { text, etag } = file;
  return { name, ...parseYealink(text, name), ...(etag === undefined ? {} : { etag }) };
}

async function fetchText(
  name: string,
  { url, mac, model, maxFileBytes = 1 << 20, timeoutMs = 10_000, signal }: FetchOptions,
): Promise<{ text: string; etag: string | undefined } | undefined> {
  const target = toUrl(name, url);
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await request(target, {
      agent: false, // a connection a file: nothing stays open
      headers: { 'User-Agent': `${userAgentOf(model)} ${mac.replace(/..(?=.)/g, '$&:')}`, Accept: '*/*' },
      signal: signal === undefined ? late : AbortSignal.any([late, signal]),
    });
    const text = await readText(answer, maxFileBytes, name);
    if (answer.statusCode === 404) return undefined;
    if (answer.statusCode !== 200) {
      throw new Fault('unavailable', `${name}: HTTP ${answer.statusCode}`, {
        status: answer.statusCode ?? 0,
      });
    }
    return { text, etag: answer.headers.etag };
  } catch (cause) {
    if (Fault.is(cause)) throw cause;
    throw new Fault('unavailable', `${name}: no whole answer from ${target.host}`, {}, { cause });
  }
}

async function request(
  target: URL,
  options: Parameters<typeof httpGet>[1] & object,
): Promise<IncomingMessage> {
  const going = (target.protocol === 'https:' ? httpsGet : httpGet)(target, options);
  const [answer] = (await once(going, 'response')) as [IncomingMessage];
  return answer;
}

function toUrl(name: string, folder: string): URL {
  const start = URL.canParse(folder) ? new URL(folder) : undefined;
  if (start === undefined || !/^https?:$/.test(start.protocol)) {
    throw new Fault('input.invalid', `url: "${folder}" is not an HTTP URL`, { field: 'url' });
  }
  if (!start.pathname.endsWith('/')) start.pathname += '/';
  if (URL.canParse(name) && !/^https?:/i.test(name)) {
    throw new Fault('input.invalid', `include: "${name}" is not an HTTP URL`, { field: 'include' });
  }
  return new URL(name, start);
}

async function readText(body: AsyncIterable<Uint8Array>, maxBytes: number, name: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new Fault('limit.reached', `${name}: more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
