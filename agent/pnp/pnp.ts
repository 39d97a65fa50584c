/**
 * The sockets of SIP PnP, apart from those of SIP:
 *
 *     224.0.1.75:5060     listens, joined on the interface of each of our addresses. Bound to
 *                         the group itself, so it takes no packet that is meant for SIP
 *     each address, any   the answers leave from here, and the phones' own come back here
 *
 * Zero touch is a comfort: an office where the group cannot be joined (another
 * PBX has the port, no multicast) still has its phones, so that is a warning.
 */

import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { findMac, type ReadTable, readArpTable } from '#agent/neighbours.ts';
import type { Log } from '#agent/tunnel.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { ControlMessage } from '#protocol/tunnel/control.ts';
import { createResponder, type PnpCounters, type Responder } from './responder.ts';

export const pnpGroup: HostPort = { address: '224.0.1.75', port: 5_060 };

export type PnpOptions = {
  /** Our addresses; those of IPv6 have no part in it. None: nothing is opened. */
  addresses: readonly string[];
  /** Port 0: a free one. */
  group?: HostPort | undefined;
  tell(message: ControlMessage): void;
  clock: Clock;
  log: Log;
  readTable?: ReadTable;
};

export type Pnp = Pick<Responder, 'offer' | 'stray' | 'isWanted' | 'who'> & {
  readonly counters: Readonly<PnpCounters>;
  /** Where phones ask; undefined: the group could not be joined. */
  readonly group: HostPort | undefined;
  close(): Promise<void>;
};

export async function openPnp({
  addresses,
  group = pnpGroup,
  tell,
  clock,
  log,
  readTable = readArpTable,
}: PnpOptions): Promise<Pnp> {
  const own = addresses.filter((address) => isIPv4(address));
  const senders = new Map<string, Socket>();
  const opened: Socket[] = [];
  let joined: HostPort | undefined;

  const responder = createResponder({
    clock,
    log,
    localFor(address) {
      const local = own.find((each) => isNeighbour(each, address));
      const socket = local === undefined ? undefined : senders.get(local);
      return local === undefined || socket === undefined
        ? undefined
        : { address: local, port: socket.address().port };
    },
    send: ({ address }, remote, bytes) =>
      senders.get(address)?.send(bytes, remote.port, remote.address, (err) => {
        if (err) log.debug({ err, to: formatHostPort(remote) }, 'no answer to a phone');
      }),
    tell,
    macOf: async (address) => findMac(await readTable().catch(() => ''), address),
    random: () => randomBytes(8).toString('hex'),
  });

  async function open(address: string, port: number, isShared: boolean): Promise<Socket> {
    const socket = createSocket({ type: 'udp4', reuseAddr: isShared });
    opened.push(socket);
    socket.bind({ address, port, exclusive: true });
    await once(socket, 'listening');
    socket.on('error', (err) => log.warn({ err, local: address }, 'PnP socket failed'));
    return socket;
  }

  function join(socket: Socket): boolean {
    const joins = own.filter((address) => {
      try {
        socket.addMembership(group.address, address);
        return true;
      } catch (err) {
        log.warn({ err, address }, 'phones beside this address cannot find us by themselves');
        return false;
      }
    });
    return joins.length > 0;
  }

  async function openAll(): Promise<void> {
    for (const address of own) {
      const sender = await open(address, 0, false);
      senders.set(address, sender);
      sender.on('message', (bytes, { address, port }) => responder.receiveAnswer(bytes, { address, port }));
    }
    const socket = await open(group.address, group.port, true);
    socket.on('message', (bytes, { address, port }) => responder.receive(bytes, { address, port }));
    if (join(socket)) joined = { address: group.address, port: socket.address().port };
  }

  if (own.length > 0) {
    await openAll().catch((err: unknown) => {
      log.warn({ err, group: formatHostPort(group) }, 'no zero touch: phones need their URL by hand');
    });
  }

  return {
    counters: responder.counters,
    group: joined,
    offer: (offer) => responder.offer(offer),
    who: (asked) => responder.who(asked),
    stray: (path, userAgent, remote) => responder.stray(path, userAgent, remote),
    get isWanted() {
      return responder.isWanted;
    },
    set isWanted(isWanted) {
      responder.isWanted = isWanted;
    },
    async close() {
      responder.close();
      await Promise.all(opened.splice(0).map(closeSocket));
    },
  };
}

/** Whether an interface of ours with that address has the other on its subnet. */
function isNeighbour(own: string, other: string): boolean {
  const found = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ address, family }) => family === 'IPv4' && address === own);
  const mask = toNumber(found?.netmask ?? (own.startsWith('127.') ? '255.0.0.0' : '255.255.255.255'));
  return (toNumber(own) & mask) === (toNumber(other) & mask);
}

const toNumber = (address: string) => address.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);

function closeSocket(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    try {
      socket.close(resolve);
    } catch {
      resolve(); // it was never bound
    }
  });
}
