/**
 * Which controller is asked, the first that is said:
 *
 *     --server, --data          as typed
 *     HOTDESK_SERVER, _DATA     of the environment
 *     ~/.config/hotdesk/config.json    {"server": "https://…", "token": "hdt_…"}
 *     ./hotdesk-data            here
 *
 * The file may be elsewhere: HOTDESK_CONFIG. A token in a file that others can
 * read is refused.
 */

import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '#protocol/fault.ts';
import type { Target } from './client.ts';
import { type Flag, valued } from './verb.ts';

const defaultData = './hotdesk-data';

export const commonFlags: readonly Flag[] = [
  { name: 'json', takesValue: false, about: 'for programs' },
  valued('data', 'DIR', `the controller’s data folder (HOTDESK_DATA, default ${defaultData})`),
  valued('server', 'URL', 'a controller over the network (HOTDESK_SERVER)'),
  valued('token', 'TOKEN', 'for --server; better in HOTDESK_TOKEN, where no process list shows it'),
];

type Flags = ReadonlyMap<string, readonly string[]>;
type Env = Readonly<Record<string, string | undefined>>;
type Kept = { server?: string; token?: string };

export function targetOf(flags: Flags, env: Env): Target {
  const flag = (name: string) => flags.get(name)?.at(-1);
  const said = flag('server') ?? (flags.has('data') ? undefined : env.HOTDESK_SERVER);
  const data = flag('data') ?? (said === undefined ? env.HOTDESK_DATA : undefined);
  const kept = data === undefined ? readKept(env) : {};
  const url = said ?? (data === undefined ? kept.server : undefined);
  if (url === undefined) return { type: 'socket', data: data ?? defaultData };
  // A token goes to the server it was kept for, and to no other.
  const own = said === undefined || said === kept.server ? kept.token : undefined;
  const token = flag('token') ?? env.HOTDESK_TOKEN ?? own;
  if (token === undefined) throw misused('--server wants a token: HOTDESK_TOKEN, --token or the config file');
  return { type: 'server', url, token };
}

function readKept(env: Env): Kept {
  const folder = env.XDG_CONFIG_HOME ?? (env.HOME === undefined ? undefined : join(env.HOME, '.config'));
  const file =
    env.HOTDESK_CONFIG ?? (folder === undefined ? undefined : join(folder, 'hotdesk', 'config.json'));
  if (file === undefined) return {};
  let text: string;
  let mode: number;
  try {
    text = readFileSync(file, 'utf8');
    mode = statSync(file).mode;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && env.HOTDESK_CONFIG === undefined) return {};
    throw misused(`${file}: cannot be read (${error instanceof Error ? error.message : String(error)})`);
  }
  const kept = parse(file, text);
  if (kept.token !== undefined && (mode & 0o077) !== 0) {
    throw misused(`${file}: others can read the token in it; chmod 600 ${file}`);
  }
  return kept;
}

function parse(file: string, text: string): Kept {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw misused(`${file}: is not JSON`);
  }
  const { server, token, ...rest } = (json ?? {}) as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw misused(`${file}: there is no setting "${unknown}"; server and token are`);
  if (typeof server !== 'string') throw misused(`${file}: "server" is an URL`);
  if (token !== undefined && typeof token !== 'string') throw misused(`${file}: "token" is a text`);
  return { server, ...(token !== undefined && { token }) };
}

const misused = (message: string) => new Fault('input.invalid', message);
