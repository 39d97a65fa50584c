/** Prompts in memory, two of them: what is sent is checked as a prompt, and kept. */

import type { OwnPrompts } from '#controller/api/prompts.ts';
import { decodeWav } from '#controller/ivr/wav.ts';
import { wavOf } from '#test/support/wav.ts';

type State = ReturnType<OwnPrompts['list']>[number];

const builtIn = { text: 'PIN?', isOwn: false, seconds: 1, revision: 0 };

export function createMemoryPrompts(): OwnPrompts {
  const states = new Map<string, State>();
  const keep = (state: State) => states.set(`${state.language}/${state.name}`, state);
  keep({ language: 'en', name: 'pin', ...builtIn });
  keep({ language: 'de', name: 'pin', ...builtIn });
  return {
    list: () => [...states.values()],
    read: async () => wavOf({}),
    async put({ language, name }, wav) {
      const seconds = decodeWav(wav, `${language}/${name}`).length / 8_000;
      keep({ language, name, ...builtIn, isOwn: true, seconds, revision: wav.length });
    },
    async remove({ language, name }) {
      keep({ language, name, ...builtIn });
    },
  };
}
