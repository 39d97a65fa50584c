/**
 * What other rooms change when a route asks them to: they have the whole store,
 * so here it is said which documents that is, and whether they are his.
 */

import type { AppDeps } from '#controller/api/app.ts';
import type { CollectionName } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import { type Act, checkReach, recording } from './scope.ts';
import { reachesSite } from './who.ts';

/** `deps` for one request. */
export function scopeDeps(deps: AppDeps, act: Act, view: Store): AppDeps {
  const { store, sessions, pins, hub } = deps;
  const { who } = act;
  async function through<T>(collection: CollectionName, id: string, run: () => Promise<T>): Promise<T> {
    checkReach(act, store, collection, id);
    return await recording(store, act, [{ collection, id }], run);
  }

  return {
    ...deps,
    store: view,
    calls: () =>
      deps
        .calls()
        .filter(
          ({ sites = [] }) =>
            who === undefined || sites.some((site) => reachesSite(who, site)) || who.role !== 'siteAdmin',
        ),
    sessions: {
      login: async (device, extension, how) => {
        checkReach(act, store, 'devices', device);
        return await through('sessions', device, () => sessions.login(device, extension, how));
      },
      logout: (device, how) => through('sessions', device, () => sessions.logout(device, how)),
    },
    pins: {
      setPin: (extension, pin) => through('users', extension, () => pins.setPin(extension, pin)),
      hashPin: (extension, pin) => pins.hashPin(extension, pin),
      unlock: (extension) => pins.unlock(extension),
      check: (address, extension, pin) => pins.check(address, extension, pin),
    },
    hub: {
      agents: () => hub.agents(),
      revoke: (agent) => through('agents', agent, () => hub.revoke(agent)),
      createEnrolToken: (site) => {
        checkReach(act, store, 'sites', site);
        return hub.createEnrolToken(site);
      },
      installLine: (token) => hub.installLine(token),
    },
  };
}
