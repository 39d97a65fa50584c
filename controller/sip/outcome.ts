/** What becomes of a request that the proxy was handed: an answer of its own, or a call to somebody. */

import type { HeaderList } from '#protocol/sip/message.ts';
import type { DialogState } from './dialog-states.ts';
import type { Side } from './flow-token.ts';
import type { Target } from './forward.ts';
import type { Identity } from './identity.ts';

type More = { reason?: string; headers?: HeaderList };
export type Answer = { type: 'answer'; status: number } & More;
export type Call = {
  near: Side;
  caller: Identity | undefined;
  targets: readonly Target[];
  unsentStatus: 480 | 503;
  /** A call to a user by `number`: it rings for so long, and its phones may send it on. */
  ringing: { number: string; ms: number } | undefined;
  /** A call that rings elsewhere, and that this one takes over. */
  taken?: DialogState;
};
export type Outcome = Answer | ({ type: 'call' } & Call);

export const answer = (status: number, more: More = {}): Answer => ({ type: 'answer', status, ...more });
