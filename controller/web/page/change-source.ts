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

export const serverChanges: ChangeSource = ({ onChange, onReset, onState }) => {
  let source: EventSource | undefined;
  let lost: ReturnType<typeof setTimeout> | undefined;
  let again: ReturnType<typeof setTimeout> | undefined;

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
  open(true);
  return () => {
    clearTimeout(lost);
    clearTimeout(again);
    source?.close();
  };
};
