/**
 * How the agent is, for whoever looks from outside: one small file in its folder,
 * written when something changes.
 *
 *     state.json   { tunnel: 'up' | 'down', code?, reason?, at, pid }
 *
 * `hotdesk-agent wait` reads it until the tunnel is up, and says what is wrong
 * when it stays down.
 */

import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { Fault, type FaultCode, faultCodes } from '#protocol/fault.ts';

const schema = z.object({
  tunnel: z.enum(['up', 'down']),
  code: z.enum(faultCodes).optional(),
  reason: z.string().optional(),
  at: z.number(),
  pid: z.number().int().positive().optional(),
});

export type AgentState = z.infer<typeof schema>;

const fileIn = (folder: string) => join(folder, 'state.json');

export type StateFile = {
  keep(state: Omit<AgentState, 'at' | 'pid'>): void;
  close(): Promise<void>;
};

/** Only what changed is written, one after the other; a disk that refuses is told to `onError` and does no harm. */
export function createStateFile(
  folder: string,
  now: () => number,
  onError: (error: unknown) => void,
): StateFile {
  let last = '';
  let writing = Promise.resolve();
  return {
    keep(state) {
      const text = JSON.stringify(state);
      if (text === last) return;
      last = text;
      const beside = `${fileIn(folder)}.${process.pid}.new`;
      const line = `${JSON.stringify({ ...state, at: now(), pid: process.pid })}\n`;
      writing = writing
        .then(() => writeFile(beside, line, { mode: 0o600 }))
        .then(() => rename(beside, fileIn(folder)))
        .catch(onError);
    },
    close: () => writing,
  };
}

/** Undefined: none was written, or half of one. */
export async function readState(folder: string): Promise<AgentState | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(fileIn(folder), 'utf8')));
  } catch {
    return undefined; // asked again soon
  }
}

/** Whether the process that wrote it is there; it may be another's number since, which is rare enough to be told as it is. */
export function runs(state: AgentState | undefined): boolean {
  if (state?.pid === undefined) return false;
  try {
    process.kill(state.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // another user's, so there
  }
}

/** What to look at, for those who were not there when it was built. */
const advice: Partial<Record<FaultCode, string>> = {
  unavailable: 'check the name (DNS), that the controller runs, and that firewalls let its TCP port pass',
  'pin.mismatch': 'pin differs: it is another machine, or someone is between; nothing was sent to it',
  'auth.refused': 'the agent was revoked, or the controller is a new one: enrol again with a new token',
  'version.mismatch': 'upgrade the agent: install.sh upgrade',
};

/** Resolves when the tunnel is up; throws `unavailable` with what is wrong when it was not in time. */
export async function waitUntilUp(
  folder: string,
  { waitMs, pollMs = 200 }: { waitMs: number; pollMs?: number },
) {
  const end = performance.now() + waitMs;
  for (;;) {
    const state = await readState(folder);
    if (state?.tunnel === 'up') return;
    if (performance.now() > end) throw new Fault('unavailable', describeDown(state));
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

export const adviceFor = (state: AgentState | undefined): string | undefined =>
  state?.code === undefined ? undefined : advice[state.code];

function describeDown(state: AgentState | undefined): string {
  if (state === undefined) return 'the agent does not run: nothing was heard of it';
  return ['the tunnel is not up', state.reason, adviceFor(state)]
    .filter((part) => part !== undefined)
    .join('; ');
}
