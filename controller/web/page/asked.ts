/** Something that is asked for when it is shown, and again when what it hangs on changes. */

import { useEffect, useState } from 'preact/hooks';
import { type Problem, toProblem } from './api.ts';
import type { Loaded } from './live.ts';

export type Asked<T> = {
  value: T | undefined;
  problem: Problem | undefined;
  again(): void;
};

export function useAsked<T>(load: () => Promise<T>, deps: readonly unknown[]): Asked<T> {
  const [state, setState] = useState<{ value?: T; problem?: Problem }>({});
  const [count, setCount] = useState(0);
  useEffect(() => {
    let isOver = false;
    load().then(
      (value) => !isOver && setState({ value }),
      (error: unknown) =>
        !isOver && setState(({ value }) => ({ ...(value && { value }), problem: toProblem(error) })),
    );
    return () => {
      isOver = true;
    };
  }, [...deps, count]);
  return { value: state.value, problem: state.problem, again: () => setCount(count + 1) };
}

/** As a list of the page's, for `Waiting`. */
export const toLoaded = ({ value, problem }: Asked<readonly unknown[]>): Loaded<unknown> => ({
  items: value ?? [],
  isLoaded: value !== undefined,
  ...(problem !== undefined && { problem }),
});
