/**
 * A failure in one line: where, the error's first words, and the line of the
 * test that saw it. The whole of it stands further up in the output.
 */

import { inspect } from 'node:util';

export const failureMark = 'FAILED ';
const most = 400;

export function describeFailure(where: string, error: unknown): string {
  if (!(error instanceof Error)) return `${where}: ${short(inspect(error))}`;
  const [message = ''] = error.message.split('\n');
  const { expects, actual } = error as { expects?: unknown; actual?: unknown };
  const isCompared = expects !== undefined && typeof expects !== 'boolean';
  const seen = isCompared ? ` [wanted ${short(flat(expects))}, saw ${short(flat(actual))}]` : '';
  const at = /\btest\/(?!support\/)[^\s)]*\.ts:\d+/.exec(error.stack ?? '')?.[0];
  return `${where}: ${short(message)}${seen}${at === undefined ? '' : ` (${at})`}`;
}

const flat = (value: unknown) => inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 4 });

const short = (text: string) => (text.length > most ? `${text.slice(0, most)}…` : text).replaceAll('\n', ' ');
