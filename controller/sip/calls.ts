/**
 * Which devices have a call, so that a phone is not re-provisioned in the
 * middle of one. A call in progress is held by whoever forwards its INVITE; one
 * that was answered, by its dialog until the BYE.
 *
 * Memory only: after a restart old calls are not counted. A dialog whose BYE
 * never came ends after `maxCallMs`, or when its phone was restarted.
 */

import type { Clock } from '#protocol/clock.ts';
import type { SipMessage } from '#protocol/sip/message.ts';

export type CallsOptions = { clock: Clock; onFree(device: string): void; maxCallMs?: number };

export type Calls = {
  /** One more call of the device; ends once, however often it is told. */
  hold(device: string): () => void;
  /** The dialog is up: all these devices have a call until `finish`. */
  confirm(dialog: string, devices: readonly string[]): void;
  finish(dialog: string): void;
  /** The phone started anew: whatever it was in is over. */
  forget(device: string): void;
  count(device: string): number;
  readonly dialogs: number;
  close(): void;
};

/** Equal for both directions: tags in order. */
export function dialogKey(message: SipMessage): string {
  const tags = [message.from.params.get('tag') ?? '', message.to.params.get('tag') ?? ''].sort();
  return `${message.callId} ${tags.join(' ')}`;
}

export function createCalls({ clock, onFree, maxCallMs = 4 * 3_600_000 }: CallsOptions): Calls {
  const counts = new Map<string, number>();
  const dialogs = new Map<string, { devices: readonly string[]; finish(): void; cancelTimer(): void }>();

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
    confirm(dialog, devices) {
      if (dialogs.has(dialog)) return; // the 200 again
      const releases = devices.map(hold);
      const finish = () => {
        cancelTimer();
        dialogs.delete(dialog);
        for (const release of releases) release();
      };
      const cancelTimer = clock.after(maxCallMs, finish);
      dialogs.set(dialog, { devices, finish, cancelTimer });
    },
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
