/**
 * The way to the controller's API: its control socket, or a server over the
 * network with a token. The command line has no other: it never opens the store.
 */

import { join } from 'node:path';
import { Client as HttpClient } from 'undici';
import { Fault, type FaultCode, faultCodes } from '#protocol/fault.ts';

export type Target = { type: 'socket'; data: string } | { type: 'server'; url: string; token: string };

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface Client {
  /**
   * The JSON of the answer, its text, a capture or sound as bytes; undefined when it has none of them. A body that is text is CSV, of bytes a WAV.
   * Throws what the API answered as a fault.
   */
  ask(method: Method, path: string, body?: object | string): Promise<unknown>;
  close(): Promise<void>;
}

export const controlSocket = 'control.sock';
const apiPath = '/api/v1';
const wavType = 'audio/wav';
const bytesTypes = ['application/vnd.tcpdump.pcap', wavType];
const timeoutMs = 30_000;

export function createClient(target: Target): Client {
  const where = target.type === 'socket' ? join(target.data, controlSocket) : originOf(target.url);
  const timeouts = { headersTimeout: timeoutMs, bodyTimeout: timeoutMs };
  const http =
    target.type === 'socket'
      ? new HttpClient('http://localhost', { socketPath: where, ...timeouts })
      : new HttpClient(where, timeouts);
  const authorization = target.type === 'server' ? { authorization: `Bearer ${target.token}` } : {};

  return {
    async ask(method, path, body) {
      const { type: sentType, sent } = encode(body);
      const headers = { ...authorization, ...sentType };
      let status: number;
      let bytes: Buffer;
      let type: string;
      try {
        const answer = await http.request({ method, path: `${apiPath}${path}`, headers, body: sent });
        status = answer.statusCode;
        type = String(answer.headers['content-type']);
        bytes = Buffer.from(await answer.body.arrayBuffer());
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        throw new Fault('unavailable', `no controller answers at ${where} (${why})`, {}, { cause });
      }
      if (status < 300 && bytesTypes.includes(type)) return bytes;
      const text = bytes.toString();
      const json = type.startsWith('text/') ? text : parseJson(text);
      if (status < 300) return json;
      throw faultOf(status, json);
    },
    close: () => http.destroy(),
  };
}

function encode(body: object | string | undefined) {
  if (body === undefined) return { type: {}, sent: null };
  if (typeof body === 'string') return { type: { 'content-type': 'text/csv' }, sent: body };
  if (Buffer.isBuffer(body)) return { type: { 'content-type': wavType }, sent: body };
  return { type: { 'content-type': 'application/json' }, sent: JSON.stringify(body) };
}

function originOf(url: string): string {
  try {
    return new URL(url).origin;
  } catch (cause) {
    throw new Fault('input.invalid', `server: "${url}" is no URL`, { field: 'server' }, { cause });
  }
}

function parseJson(text: string): unknown {
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not our API; the status is told instead
  }
}

function faultOf(status: number, json: unknown): Fault {
  const { code, detail, field } = (json ?? {}) as Record<string, unknown>;
  const known = faultCodes.find((each) => each === code) ?? ('unavailable' satisfies FaultCode);
  const message = typeof detail === 'string' ? detail : `the controller answered ${status}`;
  return new Fault(known, message, { status, ...(typeof field === 'string' && { field }) });
}
