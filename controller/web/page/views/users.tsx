/** The users: found by a word, and allowed or forbidden to hot-desk, one or many. */

import { useState } from 'preact/hooks';
import { toHash } from '#controller/web/page/address.ts';
import { ask } from '#controller/web/page/api.ts';
import { hasRole, useApp, useItems, useText } from '#controller/web/page/context.ts';
import { Badge } from '#controller/web/page/parts/badge.tsx';
import { TextField } from '#controller/web/page/parts/field.tsx';
import { useSubmit } from '#controller/web/page/parts/form.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import { Table } from '#controller/web/page/parts/table.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import type { User } from '#controller/web/page/shapes.ts';
import { Who } from './cells.tsx';
import { TableFiles } from './table-files.tsx';

export function Users() {
  const { me } = useApp();
  const text = useText();
  const users = useItems('users');
  const sessions = useItems('sessions');
  return (
    <View
      title={text.users}
      actions={
        hasRole(me, 'admin') && (
          <>
            <TableFiles noun="users" />
            <a class="button primary" href={toHash('users', 'new')}>
              {text.addUser}
            </a>
          </>
        )
      }
    >
      <Waiting lists={[users, sessions]}>{() => <UserTable users={users.items} />}</Waiting>
    </View>
  );
}

function UserTable({ users }: { users: readonly User[] }) {
  const { me, say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const { items: sessions } = useItems('sessions');
  const [wanted, setWanted] = useState('');
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const rows = users.filter(({ extension, name }) =>
    `${extension} ${name}`.toLowerCase().includes(wanted.trim().toLowerCase()),
  );
  const chosen = rows.filter(({ extension }) => marked.has(extension));
  const mayChange = hasRole(me, 'admin');
  const setHotdesk = (hotdesk: boolean) =>
    void submit.run(async () => {
      const extensions = chosen.map(({ extension }) => extension);
      const { changed } = await ask<{ changed: number }>('POST', '/users/change', {
        extensions,
        change: { hotdesk },
      });
      say(text.changedUsers(changed));
      setMarked(new Set());
    });
  return (
    <>
      <TextField label={text.search} type="search" value={wanted} onValue={setWanted} />
      {mayChange && (
        <p class="actions">
          <button
            type="button"
            disabled={chosen.length === 0 || submit.isBusy}
            onClick={() => setHotdesk(true)}
          >
            {text.allowHotdesk(chosen.length)}
          </button>
          <button
            type="button"
            disabled={chosen.length === 0 || submit.isBusy}
            onClick={() => setHotdesk(false)}
          >
            {text.forbidHotdesk(chosen.length)}
          </button>
          <span role="status">{text.shownOf(rows.length, users.length)}</span>
        </p>
      )}
      <ProblemLine problem={submit.problem} />
      <Table
        caption={text.users}
        rows={rows}
        idOf={({ extension }) => extension}
        empty={<p>{users.length === 0 ? text.noUsers : text.nothingFound}</p>}
        {...(mayChange && { marking: { marked, onMark: setMarked, labelOf: text.markUser } })}
        columns={[
          {
            id: 'name',
            title: text.name,
            sort: ({ name }) => name,
            cell: ({ extension, name }) => <Who extension={extension} name={name} />,
          },
          {
            id: 'hotdesk',
            title: text.hotdesk,
            sort: ({ hotdesk }) => (hotdesk ? 0 : 1),
            cell: ({ hotdesk }) => (
              <Badge tone={hotdesk ? 'good' : 'quiet'}>{hotdesk ? text.allowed : text.forbidden}</Badge>
            ),
          },
          {
            id: 'pin',
            title: text.pin,
            sort: ({ hasPin }) => (hasPin ? 0 : 1),
            cell: ({ hasPin }) => (
              <Badge tone={hasPin ? 'good' : 'warn'}>{hasPin ? text.pinSet : text.pinMissing}</Badge>
            ),
          },
          {
            id: 'at',
            title: text.loggedInWhere,
            cell: ({ extension }) => (
              <>
                {sessions
                  .filter((session) => session.extension === extension)
                  .map(({ device }) => (
                    <a key={device} href={toHash('devices', device)}>
                      {device}{' '}
                    </a>
                  ))}
              </>
            ),
          },
          {
            id: 'keys',
            title: text.keys,
            cell: ({ extension, keys }) => (
              <a href={toHash('users', extension, 'keys')}>
                <span class="sr">{text.keysOf(extension)}: </span>
                {keys.filter(({ type }) => type !== 'none').length}
              </a>
            ),
          },
        ]}
      />
    </>
  );
}
