/** `hotdesk audit …`: who did what, and whether the log of it is whole. */

import { Fault } from '#protocol/fault.ts';
import { field, type Row } from './table.ts';
import { type Call, last, type Noun, valued } from './verb.ts';

const columns = ['sequence', 'at', 'who', 'role', 'from', 'what', 'details'].map((name) => field(name));

export const auditNoun: Noun = {
  about: 'who did what, and when',
  verbs: {
    list: {
      about: 'the newest first',
      args: [],
      flags: [
        valued('who', 'NAME', 'what he did'),
        valued('what', 'TEXT', 'what was done'),
        valued('since', 'TIME', 'as 2026-11-23T12:00:00Z'),
        valued('until', 'TIME', 'and no later'),
        valued('limit', 'N', 'so many; 100 unless it is said'),
      ],
      async run(call) {
        const { items } = (await call.client.ask('GET', asked(call))) as { items: Row[] };
        return { type: 'items', items, columns };
      },
    },
    verify: {
      about: 'whether every line continues the one before; fails where one does not',
      args: [],
      flags: [valued('head', 'NUMBER:HASH', 'that was written down earlier: it must still be there')],
      async run(call) {
        const head = last(call, 'head');
        const path = head === undefined ? '/audit/verify' : `/audit/verify?${new URLSearchParams({ head })}`;
        const json = (await call.client.ask('GET', path)) as Row;
        const wrong = json.wrong as { file: string; line: number; why: string } | undefined;
        if (json.ok === true) return { type: 'item', item: json };
        const why =
          wrong === undefined ? 'it is not whole' : `${wrong.file}, line ${wrong.line}: ${wrong.why}`;
        throw new Fault('conflict', `audit log: ${why}`, { status: 200 });
      },
    },
  },
};

function asked(call: Call): string {
  const names = ['who', 'what', 'since', 'until', 'limit'];
  const given = names.flatMap((name): [string, string][] => {
    const text = last(call, name);
    return text === undefined ? [] : [[name, text]];
  });
  return given.length === 0 ? '/audit' : `/audit?${new URLSearchParams(given)}`;
}
