/**
 * What a redirection service is to the rest of this room. One such kind a
 * service; the table of them is ./kinds.ts. None of them keeps a connection: they
 * ask through a `Send`, which is the network (./send.ts) or a rehearsal that only
 * writes down what would be asked (./redirections.ts).
 */

import { Fault } from '#protocol/fault.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export type Request = {
  method: Method;
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
};

export type Answer = { status: number; headers: Readonly<Record<string, string>>; body: string };

/**
 * Asks, again where it is worth it: `make` is called for each try, for a signature holds for one.
 * Rejects with `unavailable`; every answer below 500 but 429 is the caller's to read.
 */
export type Send = (make: () => Request) => Promise<Answer>;

export type Account = { name: string; secret: string; url: string; serverName?: string | undefined };

export type Context = {
  account: Account;
  send: Send;
  /** Milliseconds since 1970. */
  wall(): number;
  /** Hex digits that are never the same. */
  nonce(): string;
};

export type LookUp = { isRegistered: boolean; url?: string | undefined };

/** A `mac` is twelve small hexadecimal digits. All reject with `unavailable` (later it may do) or `forbidden`. */
export type Service = {
  /** Signs in and changes nothing. */
  check(): Promise<void>;
  /** Whatever the service had of this phone before. */
  register(mac: string, url: string): Promise<void>;
  lookUp(mac: string): Promise<LookUp>;
  /** Also where the service does not know it. */
  remove(mac: string): Promise<void>;
};

export type Kind = {
  title: string;
  vendors: readonly string[];
  /** Where the vendor has it. */
  url: string;
  /** What it calls an account's name and secret. */
  words: readonly [name: string, secret: string];
  /** Rests on one source, or none of the vendor's own. */
  uncertain: string;
  /** What is registered: the device's folder, or its file in there. */
  urlOf(folder: string, mac: string): string;
  open(context: Context): Service;
  /** Answers as the service does when all goes well, with `‹…›` for what only the service knows. */
  rehearse(request: Request): Answer;
};

/** It was understood, and is not wanted: asking again will not help. */
export const refused = (said: string, facts: Record<string, string | number> = {}) =>
  new Fault('forbidden', `the service said: ${said}`, facts);

export const isGood = ({ status }: Answer) => status >= 200 && status < 300;

/** Throws `unavailable`: what came is not what the service is known to say. */
export function parseJson(answer: Answer): unknown {
  try {
    return JSON.parse(answer.body);
  } catch (cause) {
    throw new Fault('unavailable', `the service sent no JSON (HTTP ${answer.status})`, {}, { cause });
  }
}

/** The part of some JSON that is at the end of a path; undefined where there is none. */
export function dig(json: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (part, name) => (typeof part === 'object' && part !== null ? Reflect.get(part, name) : undefined),
    json,
  );
}

export const textAt = (json: unknown, ...path: readonly (string | number)[]): string | undefined => {
  const found = dig(json, ...path);
  return typeof found === 'string' && found !== '' ? found : undefined;
};

export const listAt = (json: unknown, ...path: readonly (string | number)[]): readonly unknown[] => {
  const found = dig(json, ...path);
  return Array.isArray(found) ? found : [];
};

/** What an error's body says for people, else the status. */
export function saidIn({ status, body }: Answer): string {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    const text = body.replace(/<[^>]*>|\s+/g, ' ').trim();
    return text === '' ? `HTTP ${status}` : `${text.slice(0, 200)} (HTTP ${status})`;
  }
  const names = ['message', 'msg', 'detail', 'error_description', 'error'];
  const said = names.map((name) => textAt(json, name)).find((text) => text !== undefined);
  const code = dig(json, 'code');
  return [said?.slice(0, 200), code === undefined ? undefined : `code ${String(code)}`, `HTTP ${status}`]
    .filter((part) => part !== undefined)
    .join(', ');
}

export const json = (body: unknown, status = 200): Answer => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
