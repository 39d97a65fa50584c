/**
 * The one-time token an admin hands to a new agent: a secret, the pin of the
 * controller's key, and the pin of the key it will have next.
 *
 *     hd1.<secret>.<pin>[.<next pin>]        base64url; 32 bytes each
 *
 * Behind a TLS proxy whose key nobody told us there is no pin: `hd1.<secret>.-`.
 */

import { Fault } from '#protocol/fault.ts';

export type EnrolToken = { secret: string; pins: string[] };

export function formatEnrolToken({ secret, pins }: EnrolToken): string {
  return ['hd1', secret, ...(pins.length > 0 ? pins : ['-'])].join('.');
}

/** Throws `input.invalid`. The message never shows the token. */
export function parseEnrolToken(text: string): EnrolToken {
  const part = '[A-Za-z0-9_-]{43}';
  const match = new RegExp(`^hd1\\.(${part})\\.(-|${part}(?:\\.${part})?)$`).exec(text.trim());
  if (match === null) {
    throw new Fault('input.invalid', 'token: not an enrolment token, or not the whole of it', {
      field: 'token',
    });
  }
  const [, secret = '', pins = ''] = match;
  return { secret, pins: pins === '-' ? [] : pins.split('.') };
}
