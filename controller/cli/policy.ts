/** When sessions end by themselves: flags of sites and users, and the noun `policy` for the rest. */

import type { Row } from './table.ts';
import { type Call, type Flag, item, last, type Noun, valued } from './verb.ts';

export const limitFlags: readonly Flag[] = [
  valued('longest-minutes', 'N', 'a session ends after so long; "none", or "default" for what is wider'),
  valued('idle-minutes', 'N', 'or so long after the last call; "none", "default"'),
  valued('ends-at', 'HH:MM', 'or at that time of day at its site; "none", "default"'),
];

const secondDevice = valued(
  'second-device',
  'allow|move|refuse',
  'what a login at a second desk does; "default"',
);

const names = {
  'second-device': 'secondDevice',
  'longest-minutes': 'longestMinutes',
  'idle-minutes': 'idleMinutes',
  'ends-at': 'endsAt',
} as const;

type Name = keyof typeof names;

/** What is said of it, over what is there; undefined: nothing is. */
function changed(call: Call, flags: readonly Flag[], before: Row): Row | undefined {
  const policy: Record<string, unknown> = { ...before };
  let isSaid = false;
  for (const { name } of flags) {
    const text = last(call, name);
    if (text === undefined) continue;
    isSaid = true;
    const field = names[name as Name];
    if (text === 'default') delete policy[field];
    else policy[field] = /^\d{1,6}$/.test(text) ? Number(text) : text;
  }
  return isSaid ? policy : undefined;
}

/** The field `policy` of a site or a user, as far as flags say something of it. */
export async function policyOf(call: Call, path: string): Promise<{ policy?: Row }> {
  if (!limitFlags.some(({ name }) => call.flags.has(name))) return {};
  const { policy = {} } = (await call.client.ask('GET', path)) as { policy?: Row };
  const said = changed(call, limitFlags, policy);
  return said === undefined ? {} : { policy: said };
}

export const policyNoun: Noun = {
  about: 'what a second login does, and when sessions end by themselves',
  verbs: {
    show: { about: 'the system’s', args: [], run: ({ client }) => item(client.ask('GET', '/policy')) },
    set: {
      about: 'changes the system’s',
      args: [],
      flags: [secondDevice, ...limitFlags],
      async run(call) {
        const before = (await call.client.ask('GET', '/policy')) as Row;
        return item(
          call.client.ask('PUT', '/policy', changed(call, [secondDevice, ...limitFlags], before) ?? before),
        );
      },
    },
  },
};
