/** A check of the doctor: what it found in a sentence, what to do about it, and how all of them read. */

import { Fault } from '#protocol/fault.ts';

export type Check = {
  name: string;
  result: 'ok' | 'warn' | 'fail';
  /** What was found. */
  says: string;
  /** What to do about it; of what is not ok. */
  advice?: string;
};

export type Found = Omit<Check, 'name'>;

export const ok = (says: string): Found => ({ result: 'ok', says });
export const warn = (says: string, advice: string): Found => ({ result: 'warn', says, advice });
export const fail = (says: string, advice: string): Found => ({ result: 'fail', says, advice });

/** What is not there to be looked at, because something before it failed. */
export const skipped = (why: string): Found => warn(`not looked at: ${why}`, 'mend that first');

/** A check that itself comes to grief says so, and the others go on. */
export async function look(name: string, check: () => Found | Promise<Found>): Promise<Check> {
  try {
    return { name, ...(await check()) };
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    return { name, ...fail(says, adviceOf(error)) };
  }
}

/** 0: all is well; 1: something may be better; 2: something is broken. */
export function exitCodeOf(checks: readonly Check[]): 0 | 1 | 2 {
  if (checks.some(({ result }) => result === 'fail')) return 2;
  return checks.some(({ result }) => result === 'warn') ? 1 : 0;
}

export function formatChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .map(({ name, result, says, advice }) => {
      const line = `${result.padEnd(4)}  ${name.padEnd(width)}  ${says}`;
      return advice === undefined ? line : `${line}\n${' '.repeat(width + 8)}→ ${advice}`;
    })
    .join('\n');
}

const byCode: Partial<Record<Fault['code'], string>> = {
  'not.found': 'enrol this agent: hotdesk-agent enrol',
  'store.corrupt': 'put the file back from a backup, or enrol again',
  'input.invalid': 'correct it',
  'pin.mismatch':
    'ask the admin whether the controller has a new key; if so enrol again, if not someone is between: nothing was sent to it',
  'auth.refused': 'ask the admin whether this agent was revoked; if so enrol again with a new token',
  'version.mismatch': 'upgrade the agent: install.sh upgrade',
  'limit.reached': 'another program has the ports: choose others with --rtp-ports',
};

function adviceOf(error: unknown): string {
  if (Fault.is(error) && error.facts.proxy !== undefined)
    return 'mend HTTPS_PROXY, or exempt the controller by NO_PROXY';
  return (
    (Fault.is(error) ? byCode[error.code] : undefined) ??
    'check that the controller runs, and that firewalls let its TCP port pass'
  );
}
