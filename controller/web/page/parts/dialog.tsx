/** A question in front of the page: the browser's own dialog keeps the focus and closes on Escape. */

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { useText } from '#controller/web/page/context.ts';
import { type Submit, useSubmit } from './form.tsx';
import { ProblemLine } from './problem.tsx';

export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose(): void;
  children: ComponentChildren;
}) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const text = useText();
  useEffect(() => {
    dialog.current?.showModal();
    return () => dialog.current?.close();
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={onClose}>
      <header>
        <h2 id={id}>{title}</h2>
        <button type="button" class="plain" aria-label={text.close} onClick={() => dialog.current?.close()}>
          ✕
        </button>
      </header>
      {children}
    </dialog>
  );
}

/** Are you sure: what will happen, and the verb itself on the button. */
export function Confirm({
  title,
  verb,
  isDangerous = true,
  action,
  onClose,
  children,
}: {
  title: string;
  verb: string;
  isDangerous?: boolean;
  action(): Promise<unknown>;
  onClose(): void;
  children: ComponentChildren;
}) {
  const text = useText();
  const submit: Submit = useSubmit();
  return (
    <Dialog title={title} onClose={onClose}>
      <ProblemLine problem={submit.problem} />
      {children}
      <div class="actions">
        <button type="button" onClick={onClose}>
          {text.cancel}
        </button>
        <button
          type="button"
          class={isDangerous ? 'danger' : 'primary'}
          disabled={submit.isBusy}
          onClick={() => void submit.run(action).then((isDone) => isDone && onClose())}
        >
          {verb}
        </button>
      </div>
    </Dialog>
  );
}
