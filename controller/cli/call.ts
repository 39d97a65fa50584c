/** `hotdesk call …`: who talks to whom, and how well each desk hears. */

import { field, type Row } from './table.ts';
import { type Noun, plainVerbs } from './verb.ts';

const { list, show } = plainVerbs('/calls', 'ID', [
  field('id'),
  field('from'),
  field('to'),
  field('sites'),
  field('since'),
  field('endedAt', 'ended'),
  field('media'),
  { title: 'lost', of: ({ streams }) => (streams as Row[]).map(({ lost }) => lost) },
]);

const heard = (part: string, title: string) => ({ title, of: (row: Row) => (row.heard as Row)[part] });

const { list: quality } = plainVerbs('/call-quality', 'ID', [
  field('device'),
  field('site'),
  field('calls'),
  heard('lostPercent', 'lost %'),
  heard('jitterMs', 'jitter ms'),
  heard('silences', 'silences'),
  field('lastAt', 'last'),
]);

export const callNoun: Noun = {
  about: 'who talks to whom, now and lately',
  verbs: { list, show, quality: { ...quality, about: 'how each desk hears, the worst first' } },
};
