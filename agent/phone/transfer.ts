/**
 * Sending a call on, and being sent on (RFC 3515, RFC 3891, RFC 5589).
 *
 *     we ask      REFER, to a number or into our other call; how it went comes by NOTIFY
 *     we follow   a REFER: a new call, while whoever sent it still has the old one
 *     replaced    an INVITE with Replaces steps into a call of ours, and the call it names ends
 */

import type { Notification, Referral, Session, URI } from 'sip.js';

/** In the dialog of `session`. `onRefused`: the REFER itself; what becomes of it later is told by NOTIFY. */
export function refer(session: Session, to: URI | Session, onRefused: (status: number) => void): boolean {
  const target = 'dialog' in to ? intoCall(to) : `${to}`;
  if (session.dialog === undefined || target === undefined) return false;
  const { contact, configuration } = session.userAgent;
  session.dialog.refer(
    { onReject: ({ message }) => onRefused(message.statusCode ?? 0) },
    {
      extraHeaders: [`Refer-To: <${target}>`, `Referred-By: <${configuration.uri}>`, `Contact: ${contact}`],
    },
  );
  return true;
}

/** RFC 3891 3: the tags as the phone at the other end has them, which is the other way round. */
function intoCall({ dialog }: Session): string | undefined {
  if (dialog === undefined) return undefined;
  const { remoteTarget, callId, remoteTag, localTag } = dialog;
  const replaces = encodeURIComponent(`${callId};to-tag=${remoteTag};from-tag=${localTag}`);
  return `${remoteTarget}?Replaces=${replaces}`;
}

/** The status line in a message/sipfrag (RFC 3515 2.4.5); undefined: there is none. */
export function statusIn({ request }: Notification): number | undefined {
  const [, status] = /^SIP\/2\.0 ([1-6]\d\d)(?: |\r|\n|$)/.exec(request.body) ?? [];
  return status === undefined ? undefined : Number(status);
}

/** Whom a REFER leads to; undefined: no address that we could call. */
export function numberIn(referral: Referral): string | undefined {
  try {
    return referral.referTo.uri.user;
  } catch {
    return undefined; // sip.js throws what its grammar does not take
  }
}

/** A dialog as this phone has it. */
export type DialogName = { callId: string; localTag: string; remoteTag: string };

/** The call of ours that a Replaces header names by one of its dialogs, early ones too (RFC 3891 3). */
export function findReplaced<C extends { dialogs: readonly DialogName[] }>(
  header: string,
  calls: Iterable<C>,
): C | undefined {
  const [callId, ...params] = header.split(';').map((part) => part.trim());
  const read = (name: string) => params.find((param) => param.startsWith(`${name}=`))?.slice(name.length + 1);
  const [localTag, remoteTag] = [read('to-tag'), read('from-tag')];
  return [...calls].find(({ dialogs }) =>
    dialogs.some(
      (dialog) => dialog.callId === callId && dialog.localTag === localTag && dialog.remoteTag === remoteTag,
    ),
  );
}

export const isEarlyOnly = (header: string) => /;\s*early-only\s*(?:;|$)/.test(header);
