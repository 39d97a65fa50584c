/**
 * /prompts: what the login call says, and a company's own recordings of it.
 *
 *     GET    /prompts                     → {items: [{id, language, name, text, isOwn, seconds}]}
 *     GET    /prompts/:language/:name     → audio/wav
 *     PUT    /prompts/:language/:name     audio/wav → prompt; the next call says it
 *     DELETE /prompts/:language/:name     → 204: back to the one built in
 */

import type { Context } from 'hono';
import { z } from 'zod';
import type { Site } from '#controller/model/model.ts';
import { listing } from './list.ts';
import { expected, missing, tag } from './read.ts';
import { listOf, type Route, route } from './route.ts';

/** What this room asks of controller/ivr, with places out of its list. */
export interface OwnPrompts {
  list(): readonly PromptState[];
  /** The WAV file. */
  read(one: PromptPlace): Promise<Buffer>;
  /** Throws `input.invalid` for what is no prompt, `conflict` where it is not of that revision any more. */
  put(one: PromptPlace, wav: Buffer, revision: number): Promise<void>;
  remove(one: PromptPlace, revision: number): Promise<void>;
}

type PromptPlace = { language: Site['language']; name: string };

type PromptState = PromptPlace & {
  text: string;
  isOwn: boolean;
  seconds: number;
  revision: number;
};

const maxPromptBytes = 1024 * 1024;

export type PromptDeps = { ownPrompts: OwnPrompts };

const wavType = 'audio/wav';

const shown = z.strictObject({
  id: z.string(),
  language: z.enum(['en', 'de']),
  name: z.string(),
  /** What the one built in says, and another should. */
  text: z.string(),
  isOwn: z.boolean(),
  seconds: z.number(),
});

const idOf = ({ language, name }: { language: string; name: string }) => `${language}/${name}`;

const listed = listing<PromptState, 'language' | 'name' | 'text' | 'isOwn'>({
  id: idOf,
  fields: {
    language: ({ language }) => language,
    name: ({ name }) => name,
    text: ({ text }) => text,
    isOwn: ({ isOwn }) => isOwn,
  },
});

export function promptRoutes({ ownPrompts }: PromptDeps): Route[] {
  function find(place: { language: string; name: string }): PromptState {
    const found = ownPrompts.list().find((each) => idOf(each) === idOf(place));
    if (found === undefined) throw missing('prompt', idOf(place));
    return found;
  }
  const path = '/prompts/{language}/{name}';

  return [
    route(
      {
        method: 'get',
        path: '/prompts',
        access: 'readOnly',
        tag: 'prompts',
        summary: 'All that the login call says',
        query: listed.query,
        answer: listOf(shown),
      },
      ({ c, query }) => listed.page(c, query, ownPrompts.list(), toJson),
    ),
    route(
      {
        ...{ method: 'get', path, access: 'readOnly', tag: 'prompts' },
        summary: 'One prompt, to be heard',
        answer: { type: wavType },
      },
      async ({ c, params }) => {
        const found = find(params);
        tag(c, found);
        return c.body(new Uint8Array(await ownPrompts.read(found)), 200, { 'content-type': wavType });
      },
    ),
    route(
      {
        ...{ method: 'put', path, access: 'admin', tag: 'prompts' },
        summary: 'Say this instead of the prompt built in, from the next call on',
        raw: { type: wavType, maxBytes: maxPromptBytes },
        answer: shown,
      },
      async ({ c, params, bytes }) => {
        const before = find(params);
        await ownPrompts.put(before, bytes, expected(c, before));
        const made = find(params);
        tell(c, made);
        return toJson(made);
      },
    ),
    route(
      {
        ...{ method: 'delete', path, access: 'admin', tag: 'prompts' },
        summary: 'Go back to the prompt built in',
      },
      async ({ c, params }) => {
        const before = find(params);
        await ownPrompts.remove(before, expected(c, before));
      },
    ),
  ];
}

/** For the answer and for the audit log, which says so of what was sent. */
function tell(c: Context, made: PromptState): void {
  tag(c, made);
  c.set('auditDetails', { seconds: made.seconds, revision: made.revision });
}

const toJson = ({ revision: _, ...rest }: PromptState) => ({ id: idOf(rest), ...rest });
