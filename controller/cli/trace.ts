/** `hotdesk trace …`: SIP as it passed, for some minutes; `save` makes a file for Wireshark. */

import { writeFile } from 'node:fs/promises';
import { parseHostPort } from '#protocol/address.ts';
import { cannot } from './named-file.ts';
import { field, type Row } from './table.ts';
import { numberOf } from './typed.ts';
import { done, item, last, type Noun, valued } from './verb.ts';

export const traceNoun: Noun = {
  about: 'SIP messages as they pass, for some minutes',
  verbs: {
    start: {
      about: 'from now on; what was kept before is gone',
      args: [],
      flags: [
        valued('minutes', 'N', 'for so long, 10 unless it is said'),
        valued('contains', 'TEXT', 'only messages with this in them: a number, a Call-ID'),
        valued('hep', 'ADDRESS:PORT', 'to Homer too, as HEP3 by UDP'),
      ],
      run(call) {
        const hep = last(call, 'hep');
        const minutes = numberOf(call, 'minutes');
        const contains = last(call, 'contains');
        return item(
          call.client.ask('POST', '/trace', {
            ...(minutes !== undefined && { minutes }),
            ...(contains !== undefined && { contains }),
            ...(hep !== undefined && { hep: parseHostPort(hep, '--hep') }),
          }),
        );
      },
    },
    show: {
      about: 'whether it runs, and how much it has',
      args: [],
      run: ({ client }) => item(client.ask('GET', '/trace')),
    },
    list: {
      about: 'the first line of each message; --json has them whole',
      args: [],
      async run({ client }) {
        const { items } = (await client.ask('GET', '/trace/messages')) as { items: Row[] };
        const lines = items.map((message) => ({
          ...message,
          line: String(message.text).split('\r\n', 1)[0],
        }));
        const columns = [field('at'), field('direction'), field('by'), field('remote'), field('line')];
        return { type: 'items', items: lines, columns, json: { items } };
      },
    },
    save: {
      about: 'to a file for Wireshark',
      args: ['FILE'],
      async run({ client, args: [file = ''] }) {
        const bytes = (await client.ask('GET', '/trace/pcap')) as Buffer;
        await writeFile(file, bytes, { mode: 0o600 }).catch(cannot('write', file));
        return { type: 'item', item: { file, bytes: bytes.length } };
      },
    },
    stop: {
      about: 'what was kept stays',
      args: [],
      run: ({ client }) => done(client.ask('DELETE', '/trace')),
    },
  },
};
