/** One PBX or trunk: whether it answers, who is registered there, and how it is reached. */

import { useState } from 'preact/hooks';
import { toHash } from '#controller/web/page/address.ts';
import { ask } from '#controller/web/page/api.ts';
import { hasRole, useApp, useItems, useText } from '#controller/web/page/context.ts';
import { Badge, type Tone } from '#controller/web/page/parts/badge.tsx';
import { Confirm } from '#controller/web/page/parts/dialog.tsx';
import { Table } from '#controller/web/page/parts/table.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import { go } from '#controller/web/page/route.ts';
import type { Registration, Upstream } from '#controller/web/page/shapes.ts';
import { Since, Who } from './cells.tsx';
import { NotFound } from './not-found.tsx';
import { UpstreamForm } from './upstream-form.tsx';
import { Addresses, useUpstreams } from './upstreams.tsx';

export function NewUpstream() {
  const { live, say } = useApp();
  const text = useText();
  return (
    <View title={text.addUpstream}>
      <section class="card">
        <UpstreamForm
          verb={text.addUpstream}
          action={async (body) => {
            await ask('POST', '/upstreams', body);
            await live.load('upstreams');
          }}
          onDone={(id) => {
            say(text.added(id));
            go('upstreams', id);
          }}
        />
      </section>
    </View>
  );
}

export function UpstreamView({ id }: { id: string }) {
  const upstreams = useUpstreams();
  const users = useItems('users');
  return (
    <Waiting lists={[upstreams, users]}>
      {() => {
        const upstream = upstreams.items.find((each) => each.id === id);
        return upstream === undefined ? <NotFound /> : <Shown upstream={upstream} />;
      }}
    </Waiting>
  );
}

function Shown({ upstream }: { upstream: Upstream }) {
  const { me, live, say } = useApp();
  const text = useText();
  const [isRemoving, setRemoving] = useState(false);
  const { id, mode, registrations } = upstream;
  const mayChange = hasRole(me, 'admin');
  return (
    <View
      title={id}
      actions={
        mayChange && (
          <button type="button" class="danger" onClick={() => setRemoving(true)}>
            {text.remove}
          </button>
        )
      }
    >
      <section class="card" aria-labelledby="state">
        <h2 id="state">{text.state}</h2>
        <Addresses upstream={upstream} />
      </section>
      {mode === 'register' && (
        <section aria-labelledby="registered">
          <h2 id="registered">{text.registered}</h2>
          <Registrations rows={registrations} />
        </section>
      )}
      {mayChange && (
        <section class="card" aria-labelledby="facts">
          <h2 id="facts">{text.facts}</h2>
          <UpstreamForm
            upstream={upstream}
            verb={text.save}
            action={async (body) => {
              await ask('PATCH', `/upstreams/${id}`, body);
              await live.load('upstreams');
            }}
            onDone={() => say(text.saved)}
          />
        </section>
      )}
      {isRemoving && (
        <Confirm
          title={text.removeTitle(id)}
          verb={text.remove}
          onClose={() => setRemoving(false)}
          action={async () => {
            await ask('DELETE', `/upstreams/${id}`);
            go('upstreams');
          }}
        >
          <p>{text.removeUpstreamWarning}</p>
        </Confirm>
      )}
    </View>
  );
}

const tones: Record<Registration['state'], Tone> = {
  registered: 'good',
  trying: 'busy',
  refused: 'bad',
  failed: 'bad',
};

function Registrations({ rows }: { rows: readonly Registration[] }) {
  const text = useText();
  const { items: users } = useItems('users');
  const nameOf = new Map(users.map(({ extension, name }) => [extension, name]));
  return (
    <Table
      caption={text.registered}
      rows={rows}
      idOf={({ extension }) => extension}
      empty={
        <p>
          {text.noRegistrations} <a href={toHash('users')}>{text.users}</a>
        </p>
      }
      columns={[
        {
          id: 'user',
          title: text.user,
          sort: ({ extension }) => nameOf.get(extension) ?? extension,
          cell: ({ extension }) => <Who extension={extension} name={nameOf.get(extension)} />,
        },
        {
          id: 'state',
          title: text.state,
          sort: ({ state }) => state,
          cell: ({ state, status }) => (
            <>
              <Badge tone={tones[state]}>{text.registrationStates[state]}</Badge>{' '}
              {status !== undefined && <span class="hint">{status}</span>}
            </>
          ),
        },
        {
          id: 'since',
          title: text.since,
          sort: ({ since }) => since,
          cell: ({ since }) => <Since at={new Date(since).toISOString()} />,
        },
      ]}
    />
  );
}
