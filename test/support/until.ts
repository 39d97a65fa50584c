/** Waits for something to become true, with a deadline that says what was waited for. Never a sleep. */

import { patience } from './patience.ts';

export async function until<T>(
  what: string,
  probe: () => T | Promise<T>,
  quickMs = 10_000,
): Promise<NonNullable<T>> {
  const deadlineMs = quickMs * patience;
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (performance.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
