/** By what a session began or ended, in words. */

import type { Text } from '#controller/web/text/text.ts';
import type { Stay } from './shapes.ts';

/** What a newer server says and this page does not know is shown as it is. */
export function howText(text: Text, how: string | undefined, reason?: string): string {
  if (how === 'limit' && reason !== undefined && Object.hasOwn(text.limits, reason)) {
    return text.limits[reason as keyof Text['limits']];
  }
  if (how === undefined) return '';
  return Object.hasOwn(text.how, how) ? text.how[how as keyof Text['how']] : how;
}

export const endOf = (text: Text, { ended, reason }: Pick<Stay, 'ended' | 'reason'>): string =>
  howText(text, ended, reason);
