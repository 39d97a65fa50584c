/**
 * Hawk (github.com/mozilla/hawk, version 1): who sends a request knows a key,
 * and the request is as he sent it.
 *
 *     Authorization: Hawk id="…", ts="‹seconds›", nonce="…", hash="…", mac="…"
 *
 *     hash = base64( SHA-256( hawk.1.payload⏎ ‹content type›⏎ ‹body›⏎ ))
 *     mac  = base64( HMAC-SHA256( key, hawk.1.header⏎ ts⏎ nonce⏎ METHOD⏎ path?query⏎ host⏎ port⏎ hash⏎ ext⏎ ))
 */

import { createHash, createHmac } from 'node:crypto';

export type HawkRequest = {
  method: string;
  url: string;
  contentType?: string | undefined;
  body?: string | undefined;
  ts: number;
  nonce: string;
};

export function payloadHash(contentType = '', body = ''): string {
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  return createHash('sha256').update(`hawk.1.payload\n${type}\n${body}\n`).digest('base64');
}

/** `hash`: empty where the payload is not covered; `ext` is not used by any service of ours. */
export function hawkMac(
  key: string,
  { method, url, ts, nonce }: HawkRequest,
  hash: string,
  ext = '',
): string {
  const { hostname, port, protocol, pathname, search } = new URL(url);
  const usual = protocol === 'https:' ? '443' : '80';
  const parts = [ts, nonce, method.toUpperCase(), pathname + search, hostname, port || usual, hash, ext];
  return createHmac('sha256', key)
    .update(`hawk.1.header\n${parts.join('\n')}\n`)
    .digest('base64');
}

export function hawkHeader(id: string, key: string, request: HawkRequest): string {
  const hash = payloadHash(request.contentType, request.body);
  const mac = hawkMac(key, request, hash);
  return `Hawk id="${id}", ts="${request.ts}", nonce="${request.nonce}", hash="${hash}", mac="${mac}"`;
}
