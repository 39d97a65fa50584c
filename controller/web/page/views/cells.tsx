/** What stands in many tables: a person, a time, the state of a phone. */

import { toHash } from '#controller/web/page/address.ts';
import { useWords } from '#controller/web/page/context.ts';
import { Badge, type Tone } from '#controller/web/page/parts/badge.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import type { Device } from '#controller/web/page/shapes.ts';
import { type DeviceState, stateOf } from '#controller/web/page/why.ts';

export function Who({ extension, name }: { extension: string; name: string | undefined }) {
  return (
    <a href={toHash('users', extension)}>
      <Name>{name ?? extension}</Name>
      {name !== undefined && <span class="number"> {extension}</span>}
    </a>
  );
}

export function Since({ at }: { at: string }) {
  const { language } = useWords();
  return <time dateTime={at}>{formatTime(at, language)}</time>;
}

/** Today by the clock alone, else with the day. */
export function formatTime(at: string, language: string): string {
  const then = new Date(at);
  if (Number.isNaN(then.getTime())) return at;
  const isToday = then.toDateString() === new Date().toDateString();
  const clock = { hour: '2-digit', minute: '2-digit' } as const;
  const day = { day: '2-digit', month: 'short', year: 'numeric' } as const;
  // As the reader's own country writes it, where that has this language.
  const locale = navigator.language.startsWith(language) ? navigator.language : language;
  return new Intl.DateTimeFormat(locale, isToday ? clock : { ...day, ...clock }).format(then);
}

const tones: Record<DeviceState, Tone> = {
  stuck: 'bad',
  offline: 'bad',
  changing: 'busy',
  inUse: 'good',
  free: 'quiet',
};

export function State({ device }: { device: Device }) {
  const { text } = useWords();
  const state = stateOf(device);
  return <Badge tone={tones[state]}>{text.states[state]}</Badge>;
}

/** An office where none was installed yet is not one whose agent is away. */
export function NoAgent({ isInstalled }: { isInstalled: boolean }) {
  const { text } = useWords();
  return (
    <Badge tone={isInstalled ? 'bad' : 'warn'}>{isInstalled ? text.agentDown : text.agentMissing}</Badge>
  );
}
