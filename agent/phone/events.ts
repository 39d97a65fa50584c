/** What the phone tells: all that a person in front of one would see and hear. */

import type { CallEvent } from './call.ts';
import type { LampState } from './lamps.ts';
import type { LineKey } from './make.ts';

export type PhoneEvent =
  | CallEvent
  | { event: 'ready'; sip: string }
  /** `account` is empty when the files give none. */
  | {
      event: 'provisioned';
      account: string;
      label: string;
      displayName: string;
      etag?: string;
      keys: LineKey[];
    }
  | { event: 'registered'; aor: string; expires: number }
  | { event: 'registration-failed'; aor: string; status: number }
  /** Of a BLF key: whether the one it is for is in a call. */
  | { event: 'lamp'; position: number; state: LampState }
  | { event: 'check-sync'; reboot: boolean }
  | {
      event: 'status';
      account: string;
      label: string;
      displayName: string;
      registered: string;
      calls: number;
    }
  | { event: 'error'; message: string };
