/** The frame of every view: its heading, which takes the focus when one comes there, and what may be done. */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useText } from '#controller/web/page/context.ts';
import type { Loaded } from '#controller/web/page/live.ts';
import { ProblemLine } from './problem.tsx';

export function View({
  title,
  actions,
  children,
}: {
  title: string;
  actions?: ComponentChildren;
  children: ComponentChildren;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · hotdesk`;
    // Not at the first sight of the page: a screen reader would miss its name.
    if (document.activeElement !== null && document.activeElement !== document.body) heading.current?.focus();
  }, [title]);
  return (
    <>
      <div class="view-head">
        <h1 ref={heading} tabIndex={-1}>
          <bdi>{title}</bdi>
        </h1>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}

/** Says that a list is on its way, or why it is not; shows it otherwise. */
export function Waiting({
  lists,
  children,
}: {
  lists: readonly Loaded<unknown>[];
  children: () => ComponentChildren;
}) {
  const text = useText();
  const failed = lists.find(({ problem }) => problem !== undefined);
  const isLoaded = lists.every((list) => list.isLoaded);
  return (
    <>
      <ProblemLine problem={failed?.problem} />
      {isLoaded ? children() : failed === undefined && <p role="status">{text.loading}</p>}
    </>
  );
}
