/** What went wrong, read out at once. The server's own sentence is English, and marked so. */

import type { Problem } from '#controller/web/page/api.ts';
import { useText } from '#controller/web/page/context.ts';

export function ProblemLine({ problem }: { problem: Problem | undefined }) {
  const text = useText();
  if (problem === undefined) return null;
  const known = text.problems[problem.code as keyof typeof text.problems];
  return (
    <p class="problem" role="alert">
      <strong>{known ?? text.problems.internal}</strong>{' '}
      <bdi lang="en">{problem.status === 0 ? '' : problem.detail}</bdi>
    </p>
  );
}
