/** What a phone does to watch somebody: SUBSCRIBE, answer NOTIFYs, refresh, let go. */

import type { HeaderList, SipMessage } from '#protocol/sip/message.ts';
import { type ReadDialogInfo, readDialogInfo } from './dialog-info.ts';
import type { Phone, World } from './world.ts';

type Asked = { expires?: number | undefined; event?: string; headers?: HeaderList };

const toHeaders = ({ expires = 600, event = 'dialog', headers = [] }: Asked): HeaderList => [
  ['Event', event],
  ['Expires', String(expires)],
  ...headers,
];

/** SUBSCRIBE as far as its final answer. */
export function subscribe(phone: Phone, extension: string, asked: Asked = {}) {
  const request = phone.ask(
    phone.build('SUBSCRIBE', { uri: `sip:${extension}@${phone.host}`, headers: toHeaders(asked) }),
  );
  return { request, response: phone.take() };
}

export type Watch = ReturnType<typeof subscribe>;

/** SUBSCRIBE within the subscription. */
export function refresh(
  phone: Phone,
  { request, response }: Watch,
  { cseq = 9, ...asked }: Asked & { cseq?: number } = {},
) {
  const again = phone.build('SUBSCRIBE', {
    uri: `sip:x@${phone.host}`,
    to: response.get('To') ?? '',
    callId: request.callId,
    fromTag: request.from.params.get('tag') ?? '',
    cseq,
    headers: toHeaders(asked),
  });
  return { request: phone.ask(again), response: phone.take() };
}

export const status = ({ start }: SipMessage) => (start.type === 'response' ? start.status : 0);

/** All NOTIFYs that come within `ms`, each answered. */
export function notified(world: World, phone: Phone, { ms = 200, answer = 200 } = {}): SipMessage[] {
  const got: SipMessage[] = [];
  for (let passed = 0; passed < ms; passed += 10) {
    world.clock.advance(10);
    for (let at = 0; at < phone.inbox.length; ) {
      const message = phone.inbox[at];
      if (message?.start.type !== 'request' || message.method !== 'NOTIFY') {
        at++;
        continue;
      }
      phone.inbox.splice(at, 1);
      got.push(message);
      phone.answer(message, answer);
    }
  }
  return got;
}

export const bodyOf = (notify: SipMessage | undefined): ReadDialogInfo => {
  if (notify === undefined) throw new Error('there was no NOTIFY');
  return readDialogInfo(notify.body);
};

/** `early recipient 100`, or `-` for who is in no call. */
export const lamp = (notify: SipMessage | undefined): string =>
  bodyOf(notify)
    .dialogs.map(({ state, attributes, remote }) =>
      state === 'terminated' ? '-' : `${state} ${attributes.direction} ${remote?.user}`,
    )
    .join(', ');

/** User 100 at HD0001 watches 101 at HD0002, who is on one of his keys; 102 at HD0003 in the south is not. */
export function watchedBy(world: World, extension: string, watched: readonly string[]): void {
  const { revision: _, ...user } = world.store.get('users', extension) ?? missing(extension);
  const keys = watched.map((value) => ({ type: 'blf' as const, value, label: '' }));
  world.store.note([{ type: 'put', collection: 'users', value: { ...user, keys } }]);
}

function missing(extension: string): never {
  throw new Error(`no user ${extension}`);
}
