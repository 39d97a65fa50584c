/**
 * What is remembered of a dialog with an upstream: its numbering, and the
 * credentials its INVITE was let in with, which the ACK must carry too
 * (RFC 3261 22.1). Bounded, the longest unused goes first: what is forgotten is
 * taken up again with a gap, as after a restart.
 */

import type { HeaderList, SipMessage } from '#protocol/sip/message.ts';
import { freshNumbering, type Numbering, resumedNumbering } from './numbering.ts';

export type Remembered = { numbering: Numbering; credentials: HeaderList };

export type DialogMemory = {
  /** `first`: the offset that the dialog's token carries. */
  of(message: SipMessage, first: number): Remembered;
  /** A call from there: the phone's numbers have not been touched. */
  begins(callId: string): void;
  offsetOf(callId: string): number;
  readonly size: number;
};

export type DialogMemoryOptions = { clock: { wall(): number }; max?: number };

/** Seconds since 2025: grows from restart to restart, and leaves room below 2^31 for as long as anybody cares. */
const gapAt = (wall: number) => Math.max(1_000, Math.floor(wall / 1_000) - 1_735_689_600);

export function createDialogMemory({ clock, max = 20_000 }: DialogMemoryOptions): DialogMemory {
  const dialogs = new Map<string, Remembered>();

  function keep(callId: string, remembered: Remembered): Remembered {
    dialogs.delete(callId);
    dialogs.set(callId, remembered);
    const [oldest] = dialogs.keys();
    if (dialogs.size > max && oldest !== undefined) dialogs.delete(oldest);
    return remembered;
  }

  return {
    of(message, first) {
      const { callId } = message;
      const found = dialogs.get(callId);
      if (found !== undefined) return keep(callId, found);
      const isLost = message.to.params.has('tag');
      const numbering = isLost ? resumedNumbering(first, gapAt(clock.wall())) : freshNumbering;
      return keep(callId, { numbering, credentials: [] });
    },
    begins(callId) {
      if (!dialogs.has(callId)) keep(callId, { numbering: freshNumbering, credentials: [] });
    },
    offsetOf: (callId) => dialogs.get(callId)?.numbering.offset ?? 0,
    get size() {
      return dialogs.size;
    },
  };
}
