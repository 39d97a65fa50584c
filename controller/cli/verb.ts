/** What a noun of the command line is made of: verbs as data, run against the API. */

import type { FlagShape } from '#protocol/argv.ts';
import { Fault } from '#protocol/fault.ts';
import type { Client } from './client.ts';
import type { Column, Row } from './table.ts';

export type Flag = FlagShape & { about: string; value?: string };

/** What a verb answers with: `--json` prints its JSON (`json` where people get less), people get a table, fields, or the text. `refused`: why it was not done. */
export type Result =
  | { type: 'items'; items: readonly Row[]; columns: readonly Column[]; refused?: string; json?: object }
  | { type: 'item'; item: Row; json?: object }
  | { type: 'text'; text: string; json: object }
  | { type: 'done' };

export type Call = {
  /** As typed; as many as the verb has `args`. */
  args: readonly string[];
  flags: ReadonlyMap<string, readonly string[]>;
  client: Client;
  /** The first line of standard input. */
  readLine(): Promise<string>;
};

export type Verb = {
  about: string;
  args: readonly string[];
  flags?: readonly Flag[];
  run(call: Call): Promise<Result>;
};

export type Noun = { about: string; verbs: Readonly<Record<string, Verb>> };

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

/** The three verbs every noun has. */
export function plainVerbs(
  path: string,
  id: string,
  columns: readonly Column[],
): Record<'list' | 'show' | 'remove', Verb> {
  const at = (name: string | undefined) => `${path}/${encodeURIComponent(name ?? '')}`;
  return {
    list: {
      about: 'all of them',
      args: [],
      async run({ client }) {
        const { items } = (await client.ask('GET', path)) as { items: Row[] };
        return { type: 'items', items, columns };
      },
    },
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
