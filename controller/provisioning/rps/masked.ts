/** What may be shown of a request: all but what would let a reader send another. */

import type { Request } from './service.ts';

export const masked = (text: string, secret: string) => text.replaceAll(secret, '…');

const secretHeaders = /^(?:authorization|x-ca-signature)$/i;

export function maskedRequest(request: Request, secret: string): Request {
  const headers = Object.entries(request.headers).map(([name, value]) => {
    if (!secretHeaders.test(name)) return [name, value];
    return [name, `${/^(?:Basic|Bearer|Hawk) /.exec(value)?.[0] ?? ''}…`];
  });
  const body = request.body === undefined ? {} : { body: masked(request.body, secret) };
  return { ...request, headers: Object.fromEntries(headers), ...body };
}
