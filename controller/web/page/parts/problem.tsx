/** What went wrong, read out at once: a sentence for its kind, then the server's own. */

import type { Problem } from '#controller/web/page/api.ts';
import { useText } from '#controller/web/page/context.ts';
import { Said } from './said.tsx';

export function ProblemLine({ problem }: { problem: Problem | undefined }) {
  const text = useText();
  if (problem === undefined) return null;
  const known = text.problems[problem.code as keyof typeof text.problems];
  return (
    <p class="problem" role="alert">
      <strong>{known ?? text.problems.internal}</strong>{' '}
      {problem.status !== 0 && <Said>{problem.detail}</Said>}
    </p>
  );
}
