/**
 * Which digest algorithms a challenge offers (RFC 8760). MD5 alone, unless it
 * goes to a phone that is known to take SHA-256: by its model, or because it
 * has answered with it. Many phones give up at a 401 that names SHA-256 at all.
 *
 * A challenge is for somebody who has proven nothing: who he may be is taken
 * from his From, and counts only where that device is, or was, registered from
 * there. So no stranger learns from a challenge which devices there are.
 */

import type { Device, Flow } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';
import type { Algorithm } from '#protocol/sip/digest.ts';
import type { SipMessage } from '#protocol/sip/message.ts';
import { parseUri, unescapeUser } from '#protocol/sip/uri.ts';
import type { Directory } from './directory.ts';

export type Algorithms = {
  /** In order of our preference. */
  offered(request: SipMessage, flow: Flow): readonly Algorithm[];
  /** The device authenticated with it. */
  proven(device: string, algorithm: Algorithm): void;
};

export type AlgorithmsOptions = {
  store: Store;
  directory: Pick<Directory, 'devicesOf'>;
  /** The device's model is known to. */
  takesSha256(device: Device): boolean;
};

const usual = ['MD5'] as const;
const both = ['SHA-256', 'MD5'] as const;
/** A user is at some devices; more are not looked at for a challenge. */
const maxDevices = 8;

export function createAlgorithms({ store, directory, takesSha256 }: AlgorithmsOptions): Algorithms {
  /** Of devices alone that authenticated: no stranger makes it grow. */
  const seen = new Set<string>();

  function takes(id: string): boolean {
    const device = store.get('devices', id);
    return device !== undefined && (seen.has(id) || takesSha256(device));
  }

  function isFrom(id: string, { agent, remote }: Flow): boolean {
    const known = store.get('bindings', id)?.flow;
    return known?.agent === agent && known.remote.address === remote.address;
  }

  return {
    offered(request, flow) {
      const user = userIn(request.from.uri);
      const devices = [user, ...directory.devicesOf(user).slice(0, maxDevices)];
      return devices.some((id) => isFrom(id, flow) && takes(id)) ? both : usual;
    },
    proven(device, algorithm) {
      if (algorithm === 'SHA-256') seen.add(device);
    },
  };
}

function userIn(uri: string): string {
  if (!/^sips?:/i.test(uri)) return '';
  try {
    return unescapeUser(parseUri(uri).user ?? '');
  } catch (error) {
    // Nobody we know: what else is wrong with it, others say.
    if (Fault.is(error)) return '';
    throw error;
  }
}
