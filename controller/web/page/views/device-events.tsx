/** What happened at a desk, the latest first: the rest of the answer to “Why?”. */

import { useState } from 'preact/hooks';
import type { Asked } from '#controller/web/page/asked.ts';
import { useText } from '#controller/web/page/context.ts';
import { howText } from '#controller/web/page/how.ts';
import { Badge, type Tone } from '#controller/web/page/parts/badge.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import type { DeskEvent } from '#controller/web/page/shapes.ts';
import type { Text } from '#controller/web/text/text.ts';
import { Since } from './cells.tsx';

const firstEvents = 10;

const tones: Record<DeskEvent['type'], Tone> = {
  login: 'good',
  logout: 'quiet',
  registered: 'good',
  unregistered: 'warn',
  active: 'good',
  stuck: 'bad',
};

export function DeviceEvents({ events }: { events: Asked<readonly DeskEvent[]> }) {
  const text = useText();
  const [isWhole, setWhole] = useState(false);
  const all = events.value ?? [];
  return (
    <section class="card" aria-labelledby="events">
      <h2 id="events">{text.events}</h2>
      <ProblemLine problem={events.problem} />
      {events.value?.length === 0 && <p>{text.noHistory}</p>}
      <ol class="rows">
        {all.slice(0, isWhole ? all.length : firstEvents).map((event, index) => (
          <li key={`${event.at} ${event.type} ${index}`}>
            <span>
              <Badge tone={tones[event.type]}>{text.eventTypes[event.type]}</Badge>{' '}
              <Name>{detailOf(text, event)}</Name>
            </span>
            <Since at={event.at} />
          </li>
        ))}
      </ol>
      {all.length > firstEvents && !isWhole && (
        <button type="button" onClick={() => setWhole(true)}>
          {text.showAll}
        </button>
      )}
    </section>
  );
}

function detailOf(text: Text, { type, extension, how, reason, aor, address, ms }: DeskEvent): string {
  if (type === 'login' || type === 'logout') return `${extension ?? ''} ${howText(text, how, reason)}`.trim();
  if (type === 'stuck') return text.sentence(reason ?? '');
  if (type === 'active') return ms === undefined ? '' : text.afterSeconds(ms / 1_000);
  return [aor, address].filter(Boolean).join(' · ');
}
