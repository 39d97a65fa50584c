/** The project's own SIP messages, test/vectors/sip/messages.json, as bytes and what is to become of them. */

import { readFileSync } from 'node:fs';

export type SipVector = {
  name: string;
  bytes: Uint8Array;
  /** Refused with it; absent: accepted. */
  status?: number;
  reads?: Record<string, string[]>;
  bodyReads?: string;
};

type Written = {
  name: string;
  start?: string;
  drop?: string[];
  add?: string[];
  body?: string;
  raw?: string;
  status?: number;
  reads?: Record<string, string[]>;
  bodyReads?: string;
};

type File = { base: { start: string; headers: string[] }; vectors: Written[] };

export function readSipVectors(): SipVector[] {
  const url = new URL('../vectors/sip/messages.json', import.meta.url);
  const { base, vectors } = JSON.parse(readFileSync(url, 'utf8')) as File;
  return vectors.map(({ start = base.start, drop = [], add = [], body = '', raw, ...vector }) => {
    const kept = base.headers.filter((line) => !drop.includes(line.slice(0, line.indexOf(':'))));
    // A response's CSeq may be of any method, so the base's headers do for it too.
    const text = raw ?? [start, ...kept, ...add, '', body].join('\r\n');
    return { ...vector, bytes: Buffer.from(text, 'latin1') };
  });
}
