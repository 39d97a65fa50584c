/**
 * The doctor logs in: a headless phone takes the config of a device that is there
 * for it, registers by the agent that runs, dials the login code, types the PIN,
 * sees the name come to its display, and logs out again.
 */

import type { PhoneEvent } from '#agent/phone/events.ts';
import { openPhone } from '#agent/phone/phone.ts';
import { type Found, ok } from '#protocol/check.ts';
import { systemClock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';

export type LoginOptions = {
  extension: string;
  pin: string;
  /** Its provisioning URL, its MAC and model: as of `hotdesk device show`. */
  device: { url: string; mac: string; model?: string };
  /** This host's address towards the agent. */
  address: string;
  codes: { login: string; logout: string };
  waitMs?: number;
};

/** Rejects with `unavailable` that says how far it came. */
export async function checkLogin({
  extension,
  pin,
  device,
  address,
  codes,
  waitMs = 20_000,
}: LoginOptions): Promise<Found> {
  const events: PhoneEvent[] = [];
  let wake = () => {};
  const from = performance.now();
  const phone = await openPhone({
    provisioning: device,
    listen: { address, port: 0 },
    onEvent(event) {
      if (event.event !== 'audio') events.push(event);
      wake();
    },
  });

  async function saw<T>(what: string, find: (seen: readonly PhoneEvent[]) => T | undefined): Promise<T> {
    let isLate = false;
    const cancel = systemClock.after(waitMs, () => {
      isLate = true;
      wake();
    });
    try {
      for (;;) {
        const found = find(events);
        if (found !== undefined) return found;
        const refused = events.find(({ event }) => event === 'error' || event === 'registration-failed');
        if (isLate || refused !== undefined) {
          throw new Fault('unavailable', `login: ${what} did not come${describe(refused)}`);
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    } finally {
      cancel();
    }
  }

  const call = async (code: string) => {
    const start = events.length;
    phone.call(code);
    await saw('an answer to the call', (seen) => seen.slice(start).find(({ event }) => event === 'answered'));
    return start;
  };
  /** Whose the phone is shows in what it registers as. */
  const becomes = (isTheirs: boolean, start: number) => (seen: readonly PhoneEvent[]) =>
    seen.slice(start).find((each) => each.event === 'registered' && (each.aor === extension) === isTheirs);

  try {
    await saw('the registration', becomes(false, 0));
    const registeredMs = performance.now() - from;
    const start = await call(`${codes.login}${extension}*`);
    phone.dtmf(`${pin}#`);
    await saw(
      'the user’s name on the display (is the PIN right, and may this user hot-desk?)',
      becomes(true, start),
    );
    const loggedInMs = performance.now() - from;
    const leaving = await call(codes.logout);
    await saw('the logout', becomes(false, leaving));
    const [one, two] = [registeredMs, loggedInMs].map((ms) => `${(ms / 1_000).toFixed(1)} s`);
    return ok(`${extension} logged in and out again: registered after ${one}, the name shown after ${two}`);
  } finally {
    await phone.close();
  }
}

function describe(event: PhoneEvent | undefined): string {
  if (event?.event === 'error') return `: ${event.message}`;
  return event?.event === 'registration-failed' ? `: the registration was answered ${event.status}` : '';
}
