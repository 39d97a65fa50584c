/** Which view stands behind which address. */

import type { ComponentChildren } from 'preact';
import { Audit } from '#controller/web/page/views/audit.tsx';
import { Calls } from '#controller/web/page/views/calls.tsx';
import { DeviceView } from '#controller/web/page/views/device.tsx';
import { Devices } from '#controller/web/page/views/devices.tsx';
import { History } from '#controller/web/page/views/history.tsx';
import { Import } from '#controller/web/page/views/import.tsx';
import { LayoutView } from '#controller/web/page/views/layout.tsx';
import { My } from '#controller/web/page/views/my.tsx';
import { MyAccount } from '#controller/web/page/views/my-account.tsx';
import { NewDevice } from '#controller/web/page/views/new-device.tsx';
import { NewUser } from '#controller/web/page/views/new-user.tsx';
import { NotFound } from '#controller/web/page/views/not-found.tsx';
import { Overview } from '#controller/web/page/views/overview.tsx';
import { Settings } from '#controller/web/page/views/settings.tsx';
import { NewSite, SiteView } from '#controller/web/page/views/site.tsx';
import { Sites } from '#controller/web/page/views/sites.tsx';
import { NewUpstream, UpstreamView } from '#controller/web/page/views/upstream.tsx';
import { Upstreams } from '#controller/web/page/views/upstreams.tsx';
import { UserView } from '#controller/web/page/views/user.tsx';
import { Users } from '#controller/web/page/views/users.tsx';
import { hasRole } from './context.ts';
import type { Me, Role } from './shapes.ts';

type Open = (id: string) => ComponentChildren;

/** Words of the address, `:id` for any one. */
const views: Readonly<Record<string, Open>> = {
  '': () => <Overview />,
  devices: () => <Devices />,
  'devices/new': () => <NewDevice />,
  'devices/import': () => <Import noun="devices" />,
  'devices/:id': (id) => <DeviceView key={id} id={id} />,
  users: () => <Users />,
  'users/new': () => <NewUser />,
  'users/import': () => <Import noun="users" />,
  'users/:id': (id) => <UserView key={id} extension={id} />,
  'users/:id/keys': (id) => <LayoutView key={id} extension={id} />,
  sites: () => <Sites />,
  'sites/new': () => <NewSite />,
  upstreams: () => <Upstreams />,
  'upstreams/new': () => <NewUpstream />,
  'upstreams/:id': (id) => <UpstreamView key={id} id={id} />,
  calls: () => <Calls />,
  history: () => <History />,
  audit: () => <Audit />,
  settings: () => <Settings part="general" />,
  'settings/webhooks': () => <Settings part="webhooks" />,
  'settings/prompts': () => <Settings part="prompts" />,
  'settings/backup': () => <Settings part="backup" />,
  account: () => <MyAccount />,
  'sites/:id': (id) => <SiteView key={id} id={id} />,
  'sites/:id/emergency': (id) => <SiteView key={id} id={id} isHelp />,
};

/** Who gets to it, where that is not everybody who may look around. */
const least: Readonly<Record<string, Role>> = {
  'devices/new': 'siteAdmin',
  ...{ 'devices/import': 'admin', 'users/new': 'admin', 'users/import': 'admin', 'sites/new': 'admin' },
  ...{ 'upstreams/new': 'admin', audit: 'admin', settings: 'admin', 'settings/webhooks': 'admin' },
  ...{ 'settings/prompts': 'admin', 'settings/backup': 'admin' },
};

export function viewOf(me: Me, route: readonly string[]): ComponentChildren {
  if (!hasRole(me, 'readOnly')) return <My extension={me.extension ?? ''} />;
  const [first, id = '', ...rest] = route;
  const at = route.join('/');
  if (!hasRole(me, least[at] ?? 'readOnly')) return <NotFound isForbidden />;
  const exact = views[at];
  const found = exact ?? (id === '' ? undefined : views[[first, ':id', ...rest].join('/')]);
  return found?.(id) ?? <NotFound />;
}
