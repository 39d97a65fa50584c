/** Which view stands behind which address. */

import type { ComponentChildren } from 'preact';
import { Audit } from '#controller/web/page/views/audit.tsx';
import { DeviceView } from '#controller/web/page/views/device.tsx';
import { Devices } from '#controller/web/page/views/devices.tsx';
import { History } from '#controller/web/page/views/history.tsx';
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
import { UserView } from '#controller/web/page/views/user.tsx';
import { Users } from '#controller/web/page/views/users.tsx';
import { hasRole } from './context.ts';
import type { Me } from './shapes.ts';

type Open = (id: string) => ComponentChildren;

/** Words of the address, `:id` for any one. */
const views: Readonly<Record<string, Open>> = {
  '': () => <Overview />,
  devices: () => <Devices />,
  'devices/new': () => <NewDevice />,
  'devices/:id': (id) => <DeviceView key={id} id={id} />,
  users: () => <Users />,
  'users/new': () => <NewUser />,
  'users/:id': (id) => <UserView key={id} extension={id} />,
  'users/:id/keys': (id) => <LayoutView key={id} extension={id} />,
  sites: () => <Sites />,
  'sites/new': () => <NewSite />,
  history: () => <History />,
  audit: () => <Audit />,
  settings: () => <Settings />,
  account: () => <MyAccount />,
  'sites/:id': (id) => <SiteView key={id} id={id} />,
};

export function viewOf(me: Me, route: readonly string[]): ComponentChildren {
  if (!hasRole(me, 'readOnly')) return <My extension={me.extension ?? ''} />;
  const [first, id = '', ...rest] = route;
  const exact = views[route.join('/')];
  const found = exact ?? (id === '' ? undefined : views[[first, ':id', ...rest].join('/')]);
  return found?.(id) ?? <NotFound />;
}
