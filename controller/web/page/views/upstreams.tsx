/** PBXs and trunks: which of them answer, and what goes there. */

import { useEffect } from 'preact/hooks';
import { toHash } from '#controller/web/page/address.ts';
import { hasRole, useApp, useItems, useText } from '#controller/web/page/context.ts';
import { Badge, type Tone } from '#controller/web/page/parts/badge.tsx';
import { Table } from '#controller/web/page/parts/table.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import type { Upstream } from '#controller/web/page/shapes.ts';

/** Nobody tells of an address that has begun to answer, or of a registration: they are no documents. */
const everyMs = 5_000;

export function useUpstreams() {
  const { live } = useApp();
  const upstreams = useItems('upstreams');
  useEffect(() => {
    const timer = setInterval(() => void live.load('upstreams'), everyMs);
    return () => clearInterval(timer);
  }, [live]);
  return upstreams;
}

export function Upstreams() {
  const { me } = useApp();
  const text = useText();
  const upstreams = useUpstreams();
  return (
    <View
      title={text.upstreams}
      actions={
        hasRole(me, 'admin') && (
          <a class="button primary" href={toHash('upstreams', 'new')}>
            {text.addUpstream}
          </a>
        )
      }
    >
      <Waiting lists={[upstreams]}>
        {() => (
          <Table
            caption={text.upstreams}
            rows={upstreams.items}
            idOf={({ id }) => id}
            empty={<p>{text.noUpstreams}</p>}
            columns={[
              {
                id: 'id',
                title: text.name,
                sort: ({ id }) => id,
                cell: ({ id }) => <a href={toHash('upstreams', id)}>{id}</a>,
              },
              {
                id: 'mode',
                title: text.upstreamMode,
                sort: ({ mode }) => mode,
                cell: ({ mode }) => text.modes[mode],
              },
              { id: 'state', title: text.state, cell: (upstream) => <Addresses upstream={upstream} /> },
              {
                id: 'registered',
                title: text.registered,
                cell: ({ mode, registrations }) =>
                  mode === 'trunk'
                    ? '–'
                    : `${registrations.filter(({ state }) => state === 'registered').length} / ${registrations.length}`,
              },
              {
                id: 'numbers',
                title: text.goesThere,
                cell: ({ numbers, defaultRoute }) =>
                  [...numbers, ...(defaultRoute ? [text.allElse] : [])].join(', ') || '–',
              },
            ]}
          />
        )}
      </Waiting>
    </View>
  );
}

const tones: Record<Upstream['addressStates'][number]['state'], Tone> = {
  up: 'good',
  down: 'bad',
  unknown: 'quiet',
};

export function Addresses({ upstream: { addressStates, problem } }: { upstream: Upstream }) {
  const text = useText();
  return (
    <>
      {problem !== undefined && (
        <div lang="en">
          <Badge tone="bad">{problem}</Badge>
        </div>
      )}
      {addressStates.map(({ address, state }) => (
        <div key={address}>
          <code>{address}</code> <Badge tone={tones[state]}>{text.addressStates[state]}</Badge>
        </div>
      ))}
    </>
  );
}
