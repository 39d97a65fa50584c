/** The doctor on this host: ports, multicast, RTP and the codec, the neighbour table. */

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv4, isIPv6 } from 'node:net';
import { type AgentConfig, nextPort } from '#agent/config.ts';
import { openPair } from '#agent/media/pair.ts';
import { readArpTable } from '#agent/neighbours.ts';
import { pnpGroup } from '#agent/pnp/pnp.ts';
import { formatHostPort } from '#protocol/address.ts';
import { type Found, fail, ok, warn } from '#protocol/check.ts';
import { systemClock } from '#protocol/clock.ts';
import { decodeG711, encodeG711, type G711, g711PayloadType } from '#protocol/media/g711.ts';
import { createPortPool } from '#protocol/media/port-pool.ts';
import { decodeRtp, encodeRtp } from '#protocol/media/rtp.ts';

type Wanted = { kind: 'udp' | 'tcp'; address: string; port: number; what: string; isSpare: boolean };

/** `isRunning`: an agent of this data folder, which then has them. */
export async function checkPorts(
  config: AgentConfig,
  hosts: readonly string[],
  isRunning: boolean,
): Promise<Found> {
  const wanted = hosts.flatMap((address) => portsAt(config, address)).filter(({ port }) => port !== 0);
  if (wanted.length === 0) return ok('any that are free: none is asked for by number');
  const tried = await Promise.all(wanted.map(async (each) => ({ ...each, code: await tryBind(each) })));
  const name = ({ kind, address, port, what }: Wanted) =>
    `${what} ${kind} ${formatHostPort({ address, port })}`;
  const wrong = tried.filter(({ code }) => code !== undefined && !(isRunning && code === 'EADDRINUSE'));
  const [first] = wrong.sort((a, b) => Number(a.isSpare) - Number(b.isSpare));
  if (first === undefined) {
    const idle = isRunning ? tried.find(({ code, isSpare }) => code === undefined && !isSpare) : undefined;
    if (idle !== undefined) {
      return warn(
        `the agent that runs does not have ${name(idle)}`,
        'restart it: its configuration was changed since',
      );
    }
    return ok(
      `${wanted.length} of SIP and HTTP ${isRunning ? 'held by the agent that runs' : 'free'}: ${hosts.join(', ')}`,
    );
  }
  const found = first.isSpare ? warn : fail;
  return found(
    `${name(first)}: ${why[first.code ?? ''] ?? first.code}`,
    remedy[first.code ?? ''] ?? remedy.EADDRINUSE ?? '',
  );
}

const why: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken by another program',
  EADDRNOTAVAIL: 'this host has no such address',
  EACCES: 'this user may not have it',
};
const remedy: Readonly<Record<string, string>> = {
  EADDRINUSE:
    '`ss -lptun` as root says which; stop it, or choose another port and have the phones told (restart them)',
  EADDRNOTAVAIL: 'correct --listen: `ip address` shows what this host has',
  EACCES: 'ports under 1024 want CAP_NET_BIND_SERVICE, which the installed service has',
};

function portsAt({ sipPort, sipTlsPort, httpPort, httpsPort }: AgentConfig, address: string): Wanted[] {
  const row = (what: string, kind: 'udp' | 'tcp', port: number, isSpare = false) => ({
    what,
    kind,
    address,
    port,
    isSpare,
  });
  return [
    row('SIP', 'udp', sipPort),
    row('SIP', 'tcp', sipPort),
    row('HTTP', 'tcp', httpPort),
    // Where they are not asked for by number, another port does.
    row('SIP over TLS', 'tcp', sipTlsPort ?? nextPort(sipPort), sipTlsPort === undefined),
    row('HTTPS', 'tcp', httpsPort ?? nextPort(httpPort), httpsPort === undefined),
  ];
}

/** The code of the error; undefined where it was free. */
async function tryBind({ kind, address, port }: Wanted): Promise<string | undefined> {
  try {
    if (kind === 'udp') {
      const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' });
      const bound = once(socket, 'listening');
      socket.bind({ address, port, exclusive: true });
      await bound.finally(() => socket.close());
    } else {
      const server = createServer();
      const listening = once(server, 'listening');
      server.listen({ host: address, port, exclusive: true });
      await listening.finally(() => server.close());
    }
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

export async function checkMulticast(
  { pnp }: AgentConfig,
  hosts: readonly string[],
  group = pnpGroup,
): Promise<Found> {
  if (!pnp) return ok('off: --pnp false');
  const own = hosts.filter((address) => isIPv4(address));
  if (own.length === 0) return ok('SIP PnP is of IPv4, and there is no such address here');
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  try {
    const bound = once(socket, 'listening');
    socket.bind({ ...group, exclusive: true });
    await bound;
    for (const address of own) socket.addMembership(group.address, address);
    return ok(
      `${formatHostPort(group)} is joined at ${own.join(', ')}; whether the switch passes it on, a phone shows`,
    );
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return warn(
      `${formatHostPort(group)} cannot be joined: ${reason}`,
      'zero touch is off until then; phones want their URL by hand or by DHCP option 66',
    );
  } finally {
    socket.close();
  }
}

const packets = 10;
const samplesEach = 160;
const echoMs = 2_000;

/** A tone in G.711 from one RTP port of the range to another and back, and what is left of it. */
export async function checkCodec(
  { rtpPorts }: AgentConfig,
  [address = '127.0.0.1']: readonly string[],
): Promise<Found> {
  const pool = rtpPorts && createPortPool({ range: rtpPorts, clock: systemClock, random: Math.random });
  const here = await openPair(address, pool);
  const there = await openPair(address, pool);
  try {
    there.rtp.on('message', (packet, { port }) => there.rtp.send(packet, port, address));
    const worst = Math.min(await echo('PCMA'), await echo('PCMU'));
    if (worst > 25)
      return ok(`G.711 there and back by RTP at ${address}, ${worst.toFixed(0)} dB over its noise`);
    return fail(
      `G.711 came back with ${worst.toFixed(0)} dB over its noise`,
      'report this: the codec is broken',
    );
  } finally {
    here.close();
    there.close();
  }

  async function echo(codec: G711): Promise<number> {
    const sent = Int16Array.from({ length: packets * samplesEach }, (_, at) => 8_000 * Math.sin(at * 0.35));
    const heard = new Int16Array(sent.length);
    const all = new Promise<void>((resolve) => {
      let count = 0;
      here.rtp.on('message', (bytes) => {
        const packet = decodeRtp(bytes);
        if (packet === undefined || packet.sequence >= packets) return;
        heard.set(decodeG711(codec, packet.payload), packet.sequence * samplesEach);
        if (++count === packets) resolve();
      });
    });
    for (let sequence = 0; sequence < packets; sequence++) {
      const samples = sent.subarray(sequence * samplesEach, (sequence + 1) * samplesEach);
      const payload = encodeG711(codec, samples);
      const timestamp = sequence * samplesEach;
      const packet = {
        payloadType: g711PayloadType[codec],
        sequence,
        timestamp,
        ssrc: 1,
        marker: false,
        payload,
      };
      here.rtp.send(encodeRtp(packet), there.port, address);
    }
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = systemClock.after(echoMs, resolve);
    });
    await Promise.race([all, late]);
    cancel();
    here.rtp.removeAllListeners('message');
    return decibels(sent, heard);
  }
}

/** Signal to what differs from it. */
function decibels(sent: Int16Array, heard: Int16Array): number {
  let [signal, noise] = [0, 1];
  for (const [at, sample] of sent.entries()) {
    signal += sample ** 2;
    noise += (sample - (heard[at] ?? 0)) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

export async function checkNeighbours(read = readArpTable): Promise<Found> {
  try {
    const rows = (await read()).trim().split('\n').length - 1;
    return ok(`${rows} in the kernel’s table`);
  } catch {
    return warn(
      'the kernel’s neighbour table cannot be read (/proc/net/arp)',
      'a phone’s MAC is then taken on trust; run the agent on Linux, and not in a sandbox that hides /proc',
    );
  }
}
