/**
 * What the server tells of changes: server-sent events. A browser comes back by
 * itself and says what it heard last; where that is too long ago, or the line
 * had to be opened anew, everything is asked for again.
 */

import { apiPath, ask } from './api.ts';
import type { ChangeSource } from './live.ts';

/** The server lets everybody go now and then: that is no loss to speak of. */
const graceMs = 6_000;
const againMs = 3_000;
const hiddenMs = 60_000;

export const serverChanges: ChangeSource = ({ onChange, onReset, onState }) => {
  let source: EventSource | undefined;
  let lost: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;
  let hidden: ReturnType<typeof setTimeout> | undefined;

  const open = (isFirst: boolean) => {
    const opened = new EventSource(`${apiPath}/events`);
    source = opened;
    opened.addEventListener('open', () => {
      clearTimeout(lost);
      lost = undefined;
      onState('live');
      if (!isFirst) onReset();
    });
    opened.addEventListener('change', ({ data }: MessageEvent<string>) => {
      const { collection, id } = JSON.parse(data) as { collection: string; id: string };
      onChange(collection, id);
    });
    opened.addEventListener('reset', onReset);
    opened.addEventListener('error', () => {
      lost ??= setTimeout(() => onState('lost'), graceMs);
      // Refused, and so given up by the browser: perhaps nobody is signed in any more, which asking tells.
      if (opened.readyState !== EventSource.CLOSED) return;
      void ask('GET', '/me').catch(() => {});
      again = setTimeout(() => open(false), againMs);
    });
  };
  const close = () => {
    clearTimeout(lost);
    clearTimeout(again);
    clearTimeout(hidden);
    lost = undefined;
    source?.close();
    source = undefined;
  };
  // A browser has six connections to a server for all of its tabs: who is not looked at holds none.
  const onVisibility = () => {
    clearTimeout(hidden);
    if (document.visibilityState === 'hidden') hidden = setTimeout(close, hiddenMs);
    else if (source === undefined) open(false);
  };
  open(true);
  document.addEventListener('visibilitychange', onVisibility);
  return () => {
    document.removeEventListener('visibilitychange', onVisibility);
    close();
  };
};
