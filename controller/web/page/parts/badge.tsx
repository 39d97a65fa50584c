/** A state in a word, with a sign before it: never told by colour alone. */

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'quiet';

const signs: Record<Tone, string> = { good: '●', busy: '◐', warn: '▲', bad: '■', quiet: '○' };

export function Badge({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span class={`badge ${tone}`}>
      <span aria-hidden="true">{signs[tone]}</span> {children}
    </span>
  );
}
