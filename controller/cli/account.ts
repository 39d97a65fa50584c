/** `hotdesk token` and `hotdesk account`: who may use the API and the page, and as what. */

import { systemClock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import type { Row } from './table.ts';
import { type Call, type Flag, last, type Verb, valued } from './verb.ts';

const roleFlags: readonly Flag[] = [
  valued('role', 'readOnly|siteAdmin|admin|owner', 'what it may do; admin unless set'),
  valued('site', 'SITE', 'of a site admin; may be given again'),
];

/** What is not given is left to the API. */
function scopeOf(call: Call): Row {
  const [role, sites] = [last(call, 'role'), call.flags.get('site')];
  return { ...(role !== undefined && { role }), ...(sites !== undefined && { sites }) };
}

const hourMs = 3_600_000;

/** `90d`, `12h`, or a date. Throws `input.invalid`. */
function expiryOf(call: Call): Row {
  const text = last(call, 'expires');
  if (text === undefined) return {};
  const [, count, unit] = /^(\d{1,5})([dh])$/.exec(text) ?? [];
  const at =
    count === undefined
      ? Date.parse(text)
      : systemClock.wall() + Number(count) * hourMs * (unit === 'd' ? 24 : 1);
  if (Number.isNaN(at)) {
    throw new Fault('input.invalid', `--expires: "${text}" is neither a date nor like 90d or 12h`, {
      field: 'expires',
    });
  }
  return { expiresAt: new Date(at).toISOString() };
}

export const newToken: Verb = {
  about: 'prints the token, once',
  args: ['NAME'],
  flags: [...roleFlags, valued('expires', 'WHEN', 'a date, or like 90d or 12h; never unless set')],
  run: (call) =>
    tokenOf(call.client.ask('POST', '/tokens', { name: call.args[0], ...scopeOf(call), ...expiryOf(call) })),
};

/** What is shown once is all that is printed, so that a script can take it. */
export async function tokenOf(answer: Promise<unknown>) {
  const json = (await answer) as { token: string };
  return { type: 'text' as const, text: json.token, json };
}
