/**
 * Auto provisioning, as the phone's make does it: of each row of names the first
 * file that the server has, and after it those that it includes. A 404 goes on;
 * the last row, which is the phone's own, must be there. Then the certificate
 * authority, if the settings name one.
 *
 * What comes of it is a new memory, once the last file is read, so a server that
 * fails half way changes nothing. Redirects are not followed, nor is the folder
 * left that the phone was given: a phone that is handed from server to server by
 * what it fetched belongs to whoever asks.
 */

import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { get as httpsGet } from 'node:https';
import { Fault } from '#protocol/fault.ts';
import { applySettings, type ConfigFile, type Memory, type Settings } from './make.ts';
import type { Source } from './makes.ts';

/** `url`: the folder of the files; `mac`: twelve hexadecimal digits, small letters. */
export type ProvisionOptions = Source & {
  memory: Settings;
  maxFileBytes?: number;
  timeoutMs?: number;
  signal?: AbortSignal;
};

export type Provisioned = {
  /** The settings before, and what the files changed in them. */
  memory: Memory;
  /** Every file that was there, in the order it was applied. */
  files: string[];
  /** Of the last file that was applied: the phone's own, or the one it stands for. */
  etag?: string;
  /** In all files: what is no setting, and settings said twice. */
  skipped: number;
  repeated: number;
  /** PEM of the authority that the files name. */
  trusted?: string;
};

/** Throws `input.invalid`, `not.found`, `unavailable`; `limit.reached` for a file too long. */
export async function provision({ memory, ...options }: ProvisionOptions): Promise<Provisioned> {
  const { make, model, mac } = options;
  const files = await fetchFiles(make.files({ mac, model, memory }), options);
  const next: Memory = new Map(files.some(({ isOverwriting }) => isOverwriting) ? [] : memory);
  for (const file of files) applySettings(next, file);
  const authority = make.authorityOf(next);
  const trusted = authority === undefined ? undefined : await fetchText(authority, options);
  const etag = files.at(-1)?.etag;
  return {
    memory: next,
    ...(trusted && { trusted: trusted.text }),
    files: files.map(({ name }) => name),
    ...(etag !== undefined && { etag }),
    skipped: files.reduce((sum, { skipped }) => sum + skipped, 0),
    repeated: files.reduce((sum, { repeated }) => sum + repeated, 0),
  };
}

/** In the order they are applied: the last row's at the end, whoever named it before. */
async function fetchFiles(rows: readonly (readonly string[])[], options: FetchOptions): Promise<Fetched[]> {
  const had = new Map<string, Fetched | undefined>();
  const read = async (name: string) => {
    if (!had.has(name)) had.set(name, await fetchFile(name, options));
    return had.get(name);
  };
  let files: Fetched[] = [];
  for (const names of rows) {
    const found = await firstOf(names, read);
    const isOwn = names === rows.at(-1);
    if (found === undefined && isOwn) {
      const id = names.join(', ');
      throw new Fault('not.found', `there is no ${id}`, { noun: 'config', id });
    }
    const included = [];
    for (const name of found?.includes ?? []) included.push(await read(fill(name, options.mac)));
    const row = [found, ...included].filter((file) => file !== undefined);
    files = [...files.filter((file) => !row.includes(file)), ...row];
  }
  return files;
}

async function firstOf(
  names: readonly string[],
  read: (name: string) => Promise<Fetched | undefined>,
): Promise<Fetched | undefined> {
  for (const name of names) {
    const found = await read(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** As Yealink and Poly spell it. */
const fill = (name: string, mac: string) => name.replace(/\$mac\b|\[PHONE_MAC_ADDRESS\]/gi, mac);

type Fetched = ConfigFile & { name: string; etag?: string };
type FetchOptions = Omit<ProvisionOptions, 'memory'>;

/** Undefined: the server has no such file. */
async function fetchFile(name: string, options: FetchOptions): Promise<Fetched | undefined> {
  const file = await fetchText(name, options);
  if (file === undefined) return undefined;
  const { text, etag } = file;
  const parsed = options.make.parse(text, name);
  if (parsed.mac !== undefined && parsed.mac !== options.mac)
    throw new Fault('input.invalid', `${name}: it is for ${parsed.mac}`, { field: 'mac' });
  return { ...parsed, name, ...(etag === undefined ? {} : { etag }) };
}

async function fetchText(
  name: string,
  { url, mac, make, model, maxFileBytes = 1 << 20, timeoutMs = 10_000, signal }: FetchOptions,
): Promise<{ text: string; etag: string | undefined } | undefined> {
  const target = toUrl(name, url);
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await request(target, {
      agent: false, // a connection a file: nothing stays open
      headers: { 'User-Agent': make.httpUserAgent(model, mac), Accept: '*/*' },
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
