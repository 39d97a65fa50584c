/** What a noun of the command line is made of: verbs as data, run against the API. */

import type { FlagShape } from '#protocol/argv.ts';
import { Fault } from '#protocol/fault.ts';
import type { Client } from './client.ts';
import { listAll } from './lists.ts';
import type { Column, Row } from './table.ts';

export type Flag = FlagShape & { about: string; value?: string };

/** What a verb answers with: `--json` prints its JSON (`json` where people get less), people get a table, fields, or the text. `refused`: why it was not done. */
export type Result =
  | { type: 'items'; items: readonly Row[]; columns: readonly Column[]; refused?: string; json?: object }
  | { type: 'item'; item: Row; json?: object }
  /** `aside`: for whoever reads along, on standard error. */
  | { type: 'text'; text: string; aside?: string; json: object }
  | { type: 'done' };

export type Call = {
  /** As typed; as many as the verb has `args`. */
  args: readonly string[];
  flags: ReadonlyMap<string, readonly string[]>;
  client: Client;
  /** The data folder, where that is how the controller is reached. */
  data?: string;
  /** The first line of standard input. */
  readLine(): Promise<string>;
  /** How far long work is; absent where nobody looks. */
  progress?: ((done: number, of: number) => void) | undefined;
};

export type Verb = {
  about: string;
  args: readonly string[];
  flags?: readonly Flag[];
  run(call: Call): Promise<Result>;
};

/** `usual`: what is meant when no verb is said. */
export type Noun = { about: string; usual?: string; verbs: Readonly<Record<string, Verb>> };

export const wrongFlag = (name: string, why: string) =>
  new Fault('input.invalid', `--${name}: ${why}`, { field: name });

export const valued = (name: string, value: string, about: string): Flag => ({
  name,
  value,
  about,
  takesValue: true,
});

export const pinStdin: Flag = {
  name: 'pin-stdin',
  takesValue: false,
  about: 'read the PIN from standard input, where no other user of the machine sees it',
};

export async function pinFrom({ flags, readLine }: Call): Promise<{ pin?: string }> {
  return flags.has(pinStdin.name) ? { pin: await readLine() } : {};
}

export const last = ({ flags }: Call, name: string): string | undefined => flags.get(name)?.at(-1);

/** Throws `input.invalid` that names the flag. */
export function need(call: Call, name: string): string {
  const value = last(call, name);
  if (value === undefined) throw new Fault('input.invalid', `--${name} is needed`, { field: name });
  return value;
}

export function onOff(call: Call, name: string): boolean | undefined {
  const value = last(call, name);
  if (value === undefined) return undefined;
  if (value === 'on' || value === 'off') return value === 'on';
  throw new Fault('input.invalid', `--${name}: "${value}" is neither on nor off`, { field: name });
}

export const item = async (answer: Promise<unknown>): Promise<Result> => ({
  type: 'item',
  item: (await answer) as Row,
});

export async function done(answer: Promise<unknown>): Promise<Result> {
  await answer;
  return { type: 'done' };
}

const listFlags: readonly Flag[] = [
  valued('search', 'TEXT', 'what any of its fields has in it'),
  valued('where', 'FIELD=VALUE', 'what has just this; may be given again'),
  valued('sort', 'FIELD', 'in this order; -FIELD the other way round'),
  valued('limit', 'N', 'no more than so many'),
];

export const listVerb = (
  path: string | ((call: Call) => string),
  columns: readonly Column[],
  args: readonly string[] = [],
): Verb => ({
  about: 'all of them',
  args,
  flags: listFlags,
  async run(call) {
    const where = (call.flags.get('where') ?? []).map((text): [string, string] => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
      if (name === undefined || value === undefined) throw wrongFlag('where', `"${text}" is not FIELD=VALUE`);
      return [name, value];
    });
    const named = { q: last(call, 'search'), sort: last(call, 'sort') };
    const given = Object.entries(named).filter((each): each is [string, string] => each[1] !== undefined);
    const query = Object.fromEntries([...where, ...given]);
    const at = typeof path === 'string' ? path : path(call);
    return { type: 'items', items: await listAll(call.client, at, query, limitOf(call)), columns };
  },
});

function limitOf(call: Call): number | undefined {
  const text = last(call, 'limit');
  if (text === undefined) return undefined;
  if (!/^[1-9][0-9]{0,5}$/.test(text)) throw wrongFlag('limit', `"${text}" is no number from 1 on`);
  return Number(text);
}

/** The three verbs every noun has. */
export function plainVerbs(
  path: string,
  id: string,
  columns: readonly Column[],
): Record<'list' | 'show' | 'remove', Verb> {
  const at = (name: string | undefined) => `${path}/${encodeURIComponent(name ?? '')}`;
  return {
    list: listVerb(path, columns),
    show: {
      about: 'one of them',
      args: [id],
      run: ({ args, client }) => item(client.ask('GET', at(args[0]))),
    },
    remove: {
      about: 'without it',
      args: [id],
      run: ({ args, client }) => done(client.ask('DELETE', at(args[0]))),
    },
  };
}
