/** The phones: found by a word, kept by site and state, and logged out, one or many. */

import { useState } from 'preact/hooks';
import { toHash } from '#controller/web/page/address.ts';
import { hasRole, useApp, useItems, useText } from '#controller/web/page/context.ts';
import { formatMac } from '#controller/web/page/mac.ts';
import { SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Table } from '#controller/web/page/parts/table.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import type { Device } from '#controller/web/page/shapes.ts';
import { stateOf } from '#controller/web/page/why.ts';
import { State, Who } from './cells.tsx';
import { LogOut } from './log-out.tsx';
import { TableFiles } from './table-files.tsx';
import { UnknownPhones } from './unknown-phones.tsx';

export function Devices() {
  const { me } = useApp();
  const text = useText();
  const devices = useItems('devices');
  const users = useItems('users');
  const isAdmin = hasRole(me, 'siteAdmin');
  return (
    <View
      title={text.phones}
      actions={
        isAdmin && (
          <>
            {hasRole(me, 'admin') && <TableFiles noun="devices" />}
            <a class="button primary" href={toHash('devices', 'new')}>
              {text.addPhone}
            </a>
          </>
        )
      }
    >
      {isAdmin && <UnknownPhones />}
      <Waiting lists={[devices, users]}>{() => <DeviceTable devices={devices.items} />}</Waiting>
    </View>
  );
}

function DeviceTable({ devices }: { devices: readonly Device[] }) {
  const { me } = useApp();
  const text = useText();
  const { items: users } = useItems('users');
  const [wanted, setWanted] = useState('');
  const [site, setSite] = useState('');
  const [state, setState] = useState('');
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const [leaving, setLeaving] = useState<readonly string[]>([]);
  const nameOf = new Map(users.map(({ extension, name }) => [extension, name]));
  const rows = devices.filter(
    (device) =>
      (site === '' || device.site === site) &&
      (state === '' || stateOf(device) === state) &&
      matches(device, nameOf.get(device.extension ?? ''), wanted),
  );
  const occupied = rows.filter(({ id, extension }) => marked.has(id) && extension !== null);
  const mayEnd = hasRole(me, 'siteAdmin');
  const sites = [...new Set(devices.map((device) => device.site))].sort();
  return (
    <>
      <div class="filters">
        <TextField
          label={text.search}
          type="search"
          value={wanted}
          onValue={setWanted}
          hint={text.searchPhones}
        />
        <SelectField
          label={text.site}
          value={site}
          onValue={setSite}
          options={[['', text.all], ...sites.map((each) => [each, each] as const)]}
        />
        <SelectField
          label={text.state}
          value={state}
          onValue={setState}
          options={[['', text.all], ...Object.entries(text.states)]}
        />
      </div>
      {mayEnd && (
        <p class="actions">
          <button
            type="button"
            class="danger"
            disabled={occupied.length === 0}
            onClick={() => setLeaving(occupied.map(({ id }) => id))}
          >
            {text.logOutMarked(occupied.length)}
          </button>
          <span role="status">{text.shownOf(rows.length, devices.length)}</span>
        </p>
      )}
      <Table
        caption={text.phones}
        rows={rows}
        idOf={({ id }) => id}
        empty={<p>{devices.length === 0 ? text.noPhones : text.nothingFound}</p>}
        {...(mayEnd && { marking: { marked, onMark: setMarked, labelOf: text.markPhone } })}
        columns={[
          {
            id: 'id',
            title: text.phone,
            sort: ({ id }) => id,
            cell: ({ id }) => <a href={toHash('devices', id)}>{id}</a>,
          },
          { id: 'state', title: text.state, sort: stateOf, cell: (device) => <State device={device} /> },
          {
            id: 'user',
            title: text.user,
            sort: ({ extension }) => nameOf.get(extension ?? '') ?? '',
            cell: ({ extension }) =>
              extension === null ? '–' : <Who extension={extension} name={nameOf.get(extension)} />,
          },
          { id: 'model', title: text.model, sort: ({ model }) => model, cell: ({ model }) => model },
          { id: 'site', title: text.site, sort: (device) => device.site, cell: (device) => device.site },
          {
            id: 'mac',
            title: text.mac,
            sort: ({ mac }) => mac,
            cell: ({ mac }) => <code>{formatMac(mac)}</code>,
          },
          {
            id: 'do',
            title: text.actions,
            cell: ({ id, extension }) => (
              <span class="row-actions">
                <a href={toHash('devices', id)} aria-label={text.whyOf(id)}>
                  {text.whyTitle}
                </a>
                {mayEnd && extension !== null && (
                  <button type="button" aria-label={text.logOutOne(id)} onClick={() => setLeaving([id])}>
                    {text.logOut}
                  </button>
                )}
              </span>
            ),
          },
        ]}
      />
      {leaving.length > 0 && (
        <LogOut
          devices={leaving}
          onClose={() => {
            setLeaving([]);
            setMarked(new Set());
          }}
        />
      )}
    </>
  );
}

function matches({ id, mac, model, vendor, extension }: Device, name = '', wanted: string): boolean {
  const all = `${id} ${mac} ${formatMac(mac)} ${vendor} ${model} ${extension ?? ''} ${name}`.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}
