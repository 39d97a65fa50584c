/** `hotdesk prompt …`: what the login call says, and recordings to say instead. */

import { readFile, writeFile } from 'node:fs/promises';
import { cannot } from './named-file.ts';
import { field } from './table.ts';
import { done, item, listVerb, type Noun } from './verb.ts';

const args = ['LANGUAGE', 'NAME'];
const at = ([language = '', name = '']: readonly string[]) =>
  `/prompts/${encodeURIComponent(language)}/${encodeURIComponent(name)}`;

export const promptNoun: Noun = {
  about: 'what the login call says',
  verbs: {
    list: listVerb('/prompts', [
      field('language'),
      field('name'),
      field('isOwn', 'own'),
      field('seconds'),
      field('text'),
    ]),
    set: {
      about: 'says the WAV of a file instead (mono PCM, 8 or 16 bit, 8 or 16 kHz), from the next call on',
      args: [...args, 'FILE'],
      run: async ({ client, args: words }) =>
        item(client.ask('PUT', at(words), await readFile(words[2] ?? '').catch(cannot('read', words[2])))),
    },
    save: {
      about: 'to a new WAV file',
      args: [...args, 'FILE'],
      async run({ client, args: words }) {
        const wav = (await client.ask('GET', at(words))) as Buffer;
        const [, , file = ''] = words;
        await writeFile(file, wav, { flag: 'wx' }).catch(cannot('write', file));
        return { type: 'item', item: { file, bytes: wav.length } };
      },
    },
    remove: {
      about: 'back to the one built in',
      args,
      run: ({ client, args: words }) => done(client.ask('DELETE', at(words))),
    },
  },
};
