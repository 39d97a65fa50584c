/**
 * Busy lamps: the `dialog` event package (RFC 4235) over the notifier, and who
 * may watch whom.
 *
 *     mayWatch of the site    a phone may watch
 *     layout                  what is on a key of the user who sits there (blf, line, park)
 *     site                    that, and users who are logged in at no other site only
 *     all                     every user
 *
 * A number that an upstream takes is watched under the same rule (upstream/lamps.ts).
 *
 * Picking a call up is under the same rule: who may not see it ring may not take it.
 */

import type { Site } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import type { Lamps } from '#controller/sip/upstream/lamps.ts';
import { formatDialogInfo } from './dialog-info.ts';
import type { DialogStates } from './dialog-states.ts';
import type { Directory } from './directory.ts';
import type { Denial, EventPackage, Watcher } from './notifier.ts';

export type PresenceOptions = {
  store: Pick<Store, 'get'>;
  directory: Pick<Directory, 'devicesOf'>;
  dialogs: Pick<DialogStates, 'of'>;
  lamps: Pick<Lamps, 'isTaken' | 'watched' | 'of'>;
};

const watching = new Set(['blf', 'line', 'park']);

/** Undefined: he may. */
export type DenialOf = (watcher: Watcher, extension: string) => Denial | undefined;

export function createDenial({ store, directory }: Pick<PresenceOptions, 'store' | 'directory'>): DenialOf {
  function isOfSite(extension: string, site: string): boolean {
    const sites = directory.devicesOf(extension).map((device) => store.get('devices', device)?.site);
    return sites.length === 0 || sites.includes(site);
  }

  function may({ extension, site }: Watcher, watched: string, rule: Site['mayWatch']): boolean {
    const keys = store.get('users', extension)?.keys ?? [];
    if (rule === 'all' || keys.some(({ type, value }) => watching.has(type) && value === watched))
      return true;
    return rule === 'site' && isOfSite(watched, site);
  }

  return (watcher, watched) => {
    // What one may not watch and what does not exist look the same to who may not watch it.
    if (!may(watcher, watched, store.get('sites', watcher.site)?.mayWatch ?? 'layout')) {
      return { status: 403, reason: 'Not on a key' };
    }
    return store.get('users', watched) === undefined ? { status: 404, reason: 'No such user' } : undefined;
  };
}

export function createPresence(options: PresenceOptions): EventPackage {
  const { store, dialogs, lamps } = options;
  const denialOf = createDenial(options);
  return {
    event: 'dialog',
    contentType: 'application/dialog-info+xml',
    denial(watcher, watched) {
      const denial = denialOf(watcher, watched);
      return denial?.status === 404 && lamps.isTaken(watched) ? undefined : denial;
    },
    watched: lamps.watched,
    body(user, host) {
      const far = store.get('users', user) === undefined ? lamps.of(user) : undefined;
      return formatDialogInfo({
        user,
        host,
        dialogs: far ?? dialogs.of(user),
        nameOf: (extension) =>
          store.get('users', extension)?.name ?? far?.find(({ remote }) => remote === extension)?.display,
      });
    },
  };
}
