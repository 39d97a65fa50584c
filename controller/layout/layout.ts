/**
 * Which key of a phone is what.
 *
 *     logged in   1 Logout   2.. the user's keys, in order, without the empty ones
 *     idle        1 Login    the rest empty
 *
 * What does not fit on the phone is cut and answered, so that it can be shown
 * to whoever laid the keys out. A phone without keys gets none: its people dial
 * the codes. Every position of the phone is answered, the empty ones too: a
 * config that leaves a key out leaves the last user's there.
 */

import type { Key, Site } from '#controller/model/model.ts';

export type LaidKey = Pick<Key, 'type' | 'value' | 'label'> & {
  /** From 1, as phones count. */
  position: number;
};

export type Layout = {
  keys: LaidKey[];
  /** The user's keys there was no room for. */
  cut: Key[];
};

export type LayoutInput = {
  /** How many keys the phone has. */
  count: number;
  userKeys?: readonly Key[];
  state: 'idle' | 'loggedIn';
  dialCodes: Site['dialCodes'];
  language: Site['language'];
};

const labels = {
  en: { login: 'Login', logout: 'Logout' },
  de: { login: 'Anmelden', logout: 'Abmelden' },
} as const;

export function layoutKeys({ count, userKeys = [], state, dialCodes, language }: LayoutInput): Layout {
  const action = state === 'idle' ? 'login' : 'logout';
  const first: Key = { type: 'speeddial', value: dialCodes[action] ?? '', label: labels[language][action] };
  const wanted = state === 'idle' ? [] : userKeys.filter(({ type }) => type !== 'none');
  const room = Math.max(0, count - 1);
  const shown = count > 0 ? [first, ...wanted.slice(0, room)] : [];
  const keys = Array.from({ length: count }, (_, index) => ({
    position: index + 1,
    ...(shown[index] ?? { type: 'none' as const, value: '', label: '' }),
  }));
  return { keys, cut: wanted.slice(room) };
}
