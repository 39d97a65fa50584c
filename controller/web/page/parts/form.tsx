/** A form: sends once at a time, and shows at the field what the server found wrong with it. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type Problem, toProblem } from '#controller/web/page/api.ts';
import { ProblemLine } from './problem.tsx';
import { Said } from './said.tsx';

export type Submit = {
  isBusy: boolean;
  problem: Problem | undefined;
  /** The sentence for one field, when that is what was wrong. */
  wrong(...fields: string[]): ComponentChildren | undefined;
  /** Answers whether it went well. */
  run(action: () => Promise<unknown>): Promise<boolean>;
};

export function useSubmit(): Submit {
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  return {
    isBusy,
    problem,
    wrong: (...fields) => (isAbout(problem, fields) ? <Said>{withoutField(problem)}</Said> : undefined),
    async run(action) {
      if (isBusy) return false;
      setBusy(true);
      setProblem(undefined);
      try {
        await action();
        return true;
      } catch (error) {
        setProblem(toProblem(error));
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}

/** The field is where the sentence stands: its name in front, which is the API's, tells nobody more. */
function withoutField({ field, detail }: Problem): string {
  return detail.startsWith(`${field}: `) ? detail.slice(`${field}: `.length) : detail;
}

/** `keys` is also what is wrong when `keys.3.value` is. */
function isAbout(problem: Problem | undefined, fields: readonly string[]): problem is Problem {
  const { field } = problem ?? {};
  return field !== undefined && fields.some((name) => field === name || field.startsWith(`${name}.`));
}

export function Form({
  submit,
  action,
  onDone,
  fields = [],
  children,
  label,
}: {
  submit: Submit;
  action(): Promise<unknown>;
  /** It went well. */
  onDone?(): void;
  /** Those that show their own problem. */
  fields?: readonly string[];
  children: ComponentChildren;
  label?: string;
}) {
  const isElsewhere = isAbout(submit.problem, fields);
  return (
    <form
      aria-label={label}
      aria-busy={submit.isBusy}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit.run(action).then((isDone) => isDone && onDone?.());
      }}
    >
      {!isElsewhere && <ProblemLine problem={submit.problem} />}
      {children}
    </form>
  );
}

/** The button that sends it; not while it is being sent. */
export function Send({
  submit,
  isMinor = false,
  children,
}: {
  submit: Submit;
  /** Not what this view is there for. */
  isMinor?: boolean;
  children: ComponentChildren;
}) {
  return (
    <div class="actions">
      <button type="submit" class={isMinor ? undefined : 'primary'} disabled={submit.isBusy}>
        {children}
      </button>
    </div>
  );
}
