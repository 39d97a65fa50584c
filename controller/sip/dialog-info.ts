/**
 * The body of the dialog event package (RFC 4235 4.1): always the full state.
 *
 *     <dialog-info version="7" state="full" entity="sip:101@192.0.2.1:5060">
 *       <dialog id="…" call-id="…" local-tag="…" remote-tag="…" direction="recipient">
 *         <state>early</state>
 *         <local><identity display="Ben">sip:101@…</identity><target uri="sip:101@…"/></local>
 *         <remote><identity display="Anna">sip:100@…</identity><target uri="sip:100@…"/></remote>
 *       </dialog>
 *     </dialog-info>
 *
 * Who is in no call has one dialog that is `terminated`: phones that look for
 * their dialog by its id would leave the lamp on if it were just missing.
 *
 * Call-ID and tags are there while it rings, for who picks the call up with
 * Replaces (RFC 3891), and not after: with them one could take over the call.
 */

import { decodeText } from '#protocol/sip/scan.ts';
import type { DialogState } from './dialog-states.ts';

/** Of a PBX's dialog its side or the other may not be known. */
export type ShownDialog = Pick<DialogState, 'id' | 'state'> &
  Partial<
    Record<'callId' | 'localTag' | 'remoteTag' | 'remote', string | undefined> & {
      direction: DialogState['direction'] | undefined;
    }
  >;

export type DialogInfoInput = {
  user: string;
  /** As who watches knows us. */
  host: string;
  dialogs: readonly ShownDialog[];
  nameOf(user: string): string | undefined;
};

/** A phone shows a few; whoever has more gets the first ones. */
const maxDialogs = 16;

/** The document but for its version, which is each subscription's own. */
export function formatDialogInfo(input: DialogInfoInput): (version: number) => Uint8Array {
  const { user, host } = input;
  const head = Buffer.from(
    '<?xml version="1.0" encoding="UTF-8"?>\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="',
  );
  const entity = escapeXml(uriOf(user, host));
  const dialogs =
    input.dialogs.length === 0
      ? `<dialog id="${escapeXml(user)}"><state>terminated</state></dialog>\n`
      : input.dialogs
          .slice(0, maxDialogs)
          .map((dialog) => formatDialog(dialog, input))
          .join('');
  const tail = Buffer.from(`" state="full" entity="${entity}">\n${dialogs}</dialog-info>\n`);
  return (version) => Buffer.concat([head, Buffer.from(String(version)), tail]);
}

function formatDialog(dialog: ShownDialog, input: DialogInfoInput): string {
  const { id, direction, state, callId, localTag, remoteTag } = dialog;
  const isRinging = state !== 'confirmed' && state !== 'terminated';
  const names = isRinging ? { 'call-id': callId, 'local-tag': localTag, 'remote-tag': remoteTag } : {};
  const attributes = Object.entries({ id, ...names, direction })
    .filter(([, value]) => value !== undefined)
    .map(([name, value = '']) => ` ${name}="${escapeXml(decodeText(value))}"`);
  const sides =
    dialog.remote === undefined
      ? ''
      : formatParticipant('local', input.user, input) + formatParticipant('remote', dialog.remote, input);
  return `<dialog${attributes.join('')}>\n<state>${state}</state>\n${sides}</dialog>\n`;
}

function formatParticipant(element: string, user: string, { host, nameOf }: DialogInfoInput): string {
  const uri = escapeXml(uriOf(user, host));
  const name = nameOf(user);
  const display = name === undefined ? '' : ` display="${escapeXml(name)}"`;
  return `<${element}><identity${display}>${uri}</identity><target uri="${uri}"/></${element}>\n`;
}

/** What is not a letter, digit or mark of RFC 2396 is escaped: the schema wants a URI. */
const uriOf = (user: string, host: string) =>
  `sip:${user.replace(/[^\w.!~*'()&=+$,;?/-]/gu, escapeUri)}@${host}`;

const escapeUri = (character: string) =>
  Buffer.from(character).toString('hex').toUpperCase().replace(/../g, '%$&');

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** For text and for attributes. What XML 1.0 cannot hold at all (2.2) becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
