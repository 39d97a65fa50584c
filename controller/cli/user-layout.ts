/** A user's keys as a file, and changes to many users at once. */

import { readFile } from 'node:fs/promises';
import { Fault } from '#protocol/fault.ts';
import { listAll } from './lists.ts';
import { keysOf } from './typed.ts';
import { type Call, item, last, onOff, type Verb, valued } from './verb.ts';

const at = (ext: string | undefined) => `/users/${encodeURIComponent(ext ?? '')}/layout`;

/** As many as one request takes. */
const atOnce = 500;

export const userLayoutVerbs: Readonly<Record<string, Verb>> = {
  'export-layout': {
    about: 'his keys as JSON',
    args: ['EXT'],
    async run({ client, args }) {
      const json = (await client.ask('GET', at(args[0]))) as object;
      return { type: 'text', text: JSON.stringify(json, null, 2), json };
    },
  },
  'import-layout': {
    about: 'his keys from such a file',
    args: ['EXT', 'FILE'],
    run: async ({ client, args }) => item(client.ask('PUT', at(args[0]), await readJson(args[1] ?? ''))),
  },
  'set-many': {
    about: 'changes all that are named, with commas between, or "all"',
    args: ['EXTS'],
    flags: [
      valued('hotdesk', 'on|off', 'may log in at desks'),
      valued('second-device', 'allow|move|refuse', 'what a login at a second desk does; "default"'),
      valued('key', 'TYPE=VALUE=LABEL', 'as blf=101=Ben; may be given again, in order; "none" removes all'),
    ],
    run: setMany,
  },
};

async function setMany(call: Call) {
  const { client, args, progress } = call;
  const wanted =
    args[0] === 'all'
      ? (await listAll(client, '/users')).map((user) => String(user.extension))
      : (args[0] ?? '').split(',');
  const policy = last(call, 'second-device');
  const [hotdesk, keys] = [onOff(call, 'hotdesk'), keysOf(call)];
  const change = {
    ...(hotdesk !== undefined && { hotdesk }),
    ...(policy !== undefined && { secondDevice: policy === 'default' ? null : policy }),
    ...(keys !== undefined && { keys }),
  };
  let changed = 0;
  while (changed < wanted.length) {
    progress?.(changed, wanted.length);
    const extensions = wanted.slice(changed, changed + atOnce);
    await client.ask('POST', '/users/change', { extensions, change });
    changed += extensions.length;
  }
  progress?.(changed, wanted.length);
  return { type: 'item' as const, item: { changed } };
}

async function readJson(file: string): Promise<object> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as object;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Fault('input.invalid', `FILE: cannot read ${file} (${why})`, { field: 'FILE' }, { cause });
  }
}
