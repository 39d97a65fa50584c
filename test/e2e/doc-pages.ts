/** What the pages for people say: their commands, in the order of the text, and where they lead. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** `line`: as typed, continuation lines joined; `at` counts from 1. `isShape`: in running text, where ID stands for one. */
export type Command = { page: string; at: number; line: string; isShape: boolean };

export const pages: readonly string[] = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .sort()
    .map((file) => `docs/${file}`),
];

const inText = /`((?:npx )?hotdesk(?:-agent)? [^`]+)`/g;

/** Lines of the `sh` blocks, and what in running text begins with one of our programs. */
export function commandsOf(page: string): Command[] {
  const found: Command[] = [];
  let fence: string | undefined;
  let begun: Command | undefined;
  for (const [index, text] of linesOf(page)) {
    const mark = /^\s*```(\w*)/.exec(text);
    if (mark !== null) {
      fence = fence === undefined ? mark[1] : undefined;
      begun = undefined;
    } else if (fence === undefined) {
      for (const [, line = ''] of text.matchAll(inText)) {
        found.push({ page, at: index + 1, line, isShape: true });
      }
    } else if (fence === 'sh' && !/^\s*(?:#|$)/.test(text)) {
      const goesOn = text.endsWith('\\');
      const part = goesOn ? text.slice(0, -1) : text;
      if (begun === undefined) {
        begun = { page, at: index + 1, line: part, isShape: false };
        found.push(begun);
      } else begun.line += part;
      if (!goesOn) begun = undefined;
    }
  }
  return found;
}

export type Link = { page: string; at: number; target: string };

/** `[text](target)` and pictures, without those to other hosts. */
export function linksOf(page: string): Link[] {
  return linesOf(page).flatMap(([index, text]) =>
    [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => ({ page, at: index + 1, target }))
      .filter(({ target }) => !/^[a-z]+:/.test(target)),
  );
}

/** Files of the sources that are named in code spans, as `controller/sip/gate.ts` or `controller/sip/`. */
export function filesNamedIn(page: string): Link[] {
  return linesOf(page).flatMap(([index, text]) =>
    [...text.matchAll(/`((?:agent|controller|protocol|test|docs)\/[^`\s]*)`/g)]
      .map(([, target = '']) => ({ page, at: index + 1, target }))
      .filter(({ target }) => !/[<*…{]/.test(target)),
  );
}

/** As the pages' readers make them: lower case, hyphens for blanks, nothing else that is no letter or digit. */
export function anchorsOf(page: string): string[] {
  return linesOf(page)
    .map(([, text]) => /^#+ (.*)/.exec(text)?.[1])
    .filter((heading) => heading !== undefined)
    .map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} -]/gu, '')
        .replaceAll(' ', '-'),
    );
}

function linesOf(page: string): [number, string][] {
  return [...readFileSync(join(root, page), 'utf8').split('\n').entries()];
}
