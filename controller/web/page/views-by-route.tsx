/** Which view stands behind which address. */

import type { ComponentChildren } from 'preact';
import { DeviceView } from '#controller/web/page/views/device.tsx';
import { Devices } from '#controller/web/page/views/devices.tsx';
import { NotFound } from '#controller/web/page/views/not-found.tsx';
import { Overview } from '#controller/web/page/views/overview.tsx';
import { hasRole } from './context.ts';
import type { Me } from './shapes.ts';

type Open = (id: string) => ComponentChildren;

/** First word → the view alone, and the one of a thing with that id. */
const views: Readonly<Record<string, { list?: () => ComponentChildren; one?: Open }>> = {
  '': { list: () => <Overview /> },
  devices: { list: () => <Devices />, one: (id) => <DeviceView key={id} id={id} /> },
};

export function viewOf(me: Me, [first = '', id, ...rest]: readonly string[]): ComponentChildren {
  if (!hasRole(me, 'readOnly')) return null;
  const found = views[first];
  const view = id === undefined ? found?.list?.() : rest.length === 0 ? found?.one?.(id) : undefined;
  return view ?? <NotFound />;
}
