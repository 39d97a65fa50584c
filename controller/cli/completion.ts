/** `hotdesk completion bash`: what the shell needs to finish nouns, verbs and flags. */

import type { Flag, Noun } from './verb.ts';

/** `nouns`: asked when it runs, for it is one of them. */
export const completionNoun = (
  nouns: () => Readonly<Record<string, Noun>>,
  common: readonly Flag[],
): Noun => ({
  about: 'for the shell: source <(hotdesk completion bash)',
  verbs: {
    bash: {
      about: 'for bash',
      args: [],
      async run() {
        const text = bashScript(
          nouns(),
          common.map(({ name }) => name),
        );
        return { type: 'text', text, json: { bash: text } };
      },
    },
  },
});

function bashScript(nouns: Readonly<Record<string, Noun>>, common: readonly string[]): string {
  const dashed = (names: readonly string[]) => names.map((name) => `--${name}`).join(' ');
  const cases = Object.entries(nouns).flatMap(([noun, { verbs }]) => [
    `    ${noun}) words="${Object.keys(verbs).join(' ')}" ;;`,
    ...Object.entries(verbs).map(
      ([verb, { flags = [] }]) =>
        `    "${noun} ${verb}") words="${dashed([...flags.map(({ name }) => name), ...common])}" ;;`,
    ),
  ]);
  return `_hotdesk() {
  local words current=\${COMP_WORDS[COMP_CWORD]} at
  case $COMP_CWORD in
    1) at= ;;
    2) at=\${COMP_WORDS[1]} ;;
    *) at="\${COMP_WORDS[1]} \${COMP_WORDS[2]}" ;;
  esac
  case $at in
    "") words="serve demo ${Object.keys(nouns).join(' ')}" ;;
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _hotdesk hotdesk`;
}
