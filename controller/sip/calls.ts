/**
 * Which devices have a call, so that a phone is not re-provisioned in the
 * middle of one. A call in progress is held by whoever forwards its INVITE; one
 * that was answered, by its dialog until the BYE.
 *
 * An answered call also remembers who is at its two ends, for who would step
 * into it (RFC 3891, ./transfer.ts).
 *
 * Memory only: after a restart old calls are not counted, and nobody can step
 * into them. A dialog whose BYE never came ends after `maxCallMs`, or when its
 * phone was restarted.
 */

import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { parseNameAddr } from '#protocol/sip/name-addr.ts';
import type { Side } from './flow-token.ts';

export type CallsOptions = {
  clock: Clock;
  onFree(device: string): void;
  /** The dialog is over, however it ended. */
  onEnd?(dialog: string): void;
  maxCallMs?: number;
};

/** One end of an answered call: `tag` is its own, `contact` what it goes by there. */
export type Party = { side: Side; tag: string; contact: string };

export function partyIn(message: SipMessage, side: Side): Party {
  const own = message.start.type === 'response' ? message.to : message.from;
  return { side, tag: own.params.get('tag') ?? '', contact: contactIn(message) };
}

/** Empty: a phone that wrote none that can be read has no call that somebody could step into. */
function contactIn(message: SipMessage): string {
  try {
    return parseNameAddr(message.get('Contact') ?? '').uri;
  } catch (error) {
    if (Fault.is(error, 'sip.malformed')) return '';
    throw error;
  }
}

export type Calls = {
  /** One more call of the device; ends once, however often it is told. */
  hold(device: string): () => void;
  /** The dialog is up: all these devices have a call until `finish`. */
  confirm(dialog: string, devices: readonly string[], parties?: readonly Party[]): void;
  /** Who is in that dialog; empty: it is none of ours, or none any more. */
  partiesOf(dialog: string): readonly Party[];
  finish(dialog: string): void;
  /** The phone started anew: whatever it was in is over. */
  forget(device: string): void;
  count(device: string): number;
  readonly dialogs: number;
  close(): void;
};

/** Equal for both directions: tags in order. */
export const dialogKey = (message: SipMessage) =>
  dialogOf(message.callId, message.from.params.get('tag') ?? '', message.to.params.get('tag') ?? '');

export const dialogOf = (callId: string, one: string, other: string) =>
  one < other ? `${callId} ${one} ${other}` : `${callId} ${other} ${one}`;

type Dialog = {
  devices: readonly string[];
  parties: readonly Party[];
  finish(): void;
  cancelTimer(): void;
};

export function createCalls({
  clock,
  onFree,
  onEnd = () => {},
  maxCallMs = 4 * 3_600_000,
}: CallsOptions): Calls {
  const counts = new Map<string, number>();
  const dialogs = new Map<string, Dialog>();

  function hold(device: string): () => void {
    let isHeld = true;
    counts.set(device, (counts.get(device) ?? 0) + 1);
    return () => {
      if (!isHeld) return;
      isHeld = false;
      const left = (counts.get(device) ?? 1) - 1;
      if (left > 0) counts.set(device, left);
      else {
        counts.delete(device);
        onFree(device);
      }
    };
  }

  return {
    hold,
    confirm(dialog, devices, parties = []) {
      if (dialogs.has(dialog)) return; // the 200 again
      const releases = devices.map(hold);
      const finish = () => {
        cancelTimer();
        dialogs.delete(dialog);
        onEnd(dialog);
        for (const release of releases) release();
      };
      const cancelTimer = clock.after(maxCallMs, finish);
      dialogs.set(dialog, { devices, parties, finish, cancelTimer });
    },
    partiesOf: (dialog) => dialogs.get(dialog)?.parties ?? [],
    finish: (dialog) => dialogs.get(dialog)?.finish(),
    forget(device) {
      for (const dialog of [...dialogs.values()]) if (dialog.devices.includes(device)) dialog.finish();
    },
    count: (device) => counts.get(device) ?? 0,
    get dialogs() {
      return dialogs.size;
    },
    close() {
      for (const { cancelTimer } of dialogs.values()) cancelTimer();
      dialogs.clear();
    },
  };
}
