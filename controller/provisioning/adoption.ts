/**
 * Adoption windows: for some minutes the phones of a site, or one of them, may
 * have their config by their MAC address alone, as a phone asks that was led to
 * its agent by DHCP option 66.
 *
 *     closed ── an admin opens it ──→ open ── its time is over, or he closes it ──→ closed
 *                                      └── a device had its config: for that one it is closed
 *
 * A MAC address is no secret: whoever is on that LAN could ask with it. So a
 * window is short, each device is served once in it, and where the agent's
 * neighbour table knows the asker, the address there must be the same. Windows
 * outlive a restart, for what is left of their time.
 */

import type { Device } from '#controller/model/model.ts';
import type { RelayedRequest, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';

export type Scope = { site: string } | { device: string };

export type AdoptionWindow = {
  /** Milliseconds since 1970. */
  until: number;
  /** Devices that had their config in it. */
  adopted: readonly string[];
};

/** Why there is nothing: no window that is open for it, or what a request under a token may fail for too. */
export type NotAdopted = 'path' | 'window' | 'site' | 'neighbour';

export type Adoption = {
  open(scope: Scope, minutes: number): AdoptionWindow;
  close(scope: Scope): void;
  /** Undefined: closed. */
  of(scope: Scope): AdoptionWindow | undefined;
  /** Whose file a request without a token is for. */
  admit(
    request: Pick<RelayedRequest, 'path' | 'site' | 'mac'>,
  ): { device: Device; file: string } | NotAdopted;
  /** It gets its config now; false: it has had it. */
  served(device: Device): boolean;
};

export const maxMinutes = 240;

const minuteMs = 60_000;
const bareForm = /^\/([a-z0-9][a-z0-9_-]{0,47}(?:\.[a-z0-9_-]{1,15}){1,3})$/;
/** `f00000000000` is of a Fanvil that does not know its own model, `000000000000` of any Poly. */
const macForm = /(?:^|[^0-9a-z]|^cfg)(?!f?0{11})([0-9a-f]{12})\./;

/** `closesAt` is on a clock that nobody sets. */
type Open = { until: number; closesAt: number; adopted: Set<string> };

export function createAdoption({
  store,
  clock,
}: {
  store: Pick<Store, 'list' | 'get' | 'note'>;
  clock: Pick<Clock, 'now' | 'wall'>;
}): Adoption {
  const windows = new Map<string, Open>();
  for (const { id, until, adopted } of store.list('adoptionWindows')) {
    const leftMs = Math.min(until - clock.wall(), maxMinutes * minuteMs);
    windows.set(id, { until, closesAt: clock.now() + leftMs, adopted: new Set(adopted) });
  }

  function keep(id: string, { until, adopted }: Open): void {
    const value = { id, until, adopted: [...adopted] };
    store.note([{ type: 'put', collection: 'adoptionWindows', value }]);
  }

  function forget(id: string): void {
    windows.delete(id);
    if (store.get('adoptionWindows', id) === undefined) return;
    store.note([{ type: 'delete', collection: 'adoptionWindows', id }]);
  }

  function find(scope: Scope): Open | undefined {
    const found = windows.get(nameOf(scope));
    if (found === undefined || clock.now() < found.closesAt) return found;
    forget(nameOf(scope));
    return undefined;
  }

  const windowsFor = ({ id, site }: Device) =>
    [{ site }, { device: id }].flatMap((scope) => {
      const found = find(scope);
      return found === undefined ? [] : [{ id: nameOf(scope), ...found }];
    });

  /** Said before any device is looked up: while all is closed, an address that is known is as good as any other. */
  const isAnyOpen = () => {
    for (const [name, { closesAt }] of windows) if (clock.now() >= closesAt) forget(name);
    return windows.size > 0;
  };

  return {
    open(scope, minutes) {
      const ms = minutes * minuteMs;
      const opened = { until: clock.wall() + ms, closesAt: clock.now() + ms, adopted: new Set<string>() };
      windows.set(nameOf(scope), opened);
      keep(nameOf(scope), opened);
      return shown(opened);
    },
    close: (scope) => forget(nameOf(scope)),
    of(scope) {
      const found = find(scope);
      return found && shown(found);
    },

    admit({ path, site, mac: neighbour }) {
      const file = bareForm.exec(path.toLowerCase())?.[1];
      if (file === undefined) return 'path';
      if (!isAnyOpen()) return 'window';
      const mac = macForm.exec(file)?.[1] ?? neighbour;
      const device = store.list('devices').find((each) => each.mac === mac);
      if (device === undefined) return 'window';
      if (device.site !== site) return 'site';
      if (neighbour !== undefined && neighbour !== device.mac) return 'neighbour';
      const isOpen = windowsFor(device).some(({ adopted }) => !adopted.has(device.id));
      return isOpen ? { device, file } : 'window';
    },

    served(device) {
      const open = windowsFor(device).filter(({ adopted }) => !adopted.has(device.id));
      for (const { id, ...window } of open) {
        window.adopted.add(device.id);
        keep(id, window);
      }
      return open.length > 0;
    },
  };
}

const nameOf = (scope: Scope) => ('site' in scope ? `site ${scope.site}` : `device ${scope.device}`);

const shown = ({ until, adopted }: Open): AdoptionWindow => ({ until, adopted: [...adopted] });
