/** The doctor on the way to the controller: name, proxy, key, clock, packet sizes, credential, line. */

import { lookup } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { ask, dial, endOf, type Way } from '#agent/dial.ts';
import type { AgentIdentity } from '#agent/identity.ts';
import { maskProxy } from '#agent/proxy.ts';
import { openSocket } from '#agent/socket.ts';
import { type Found, fail, ok, warn } from '#protocol/check.ts';
import { systemClock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { attachSocket } from '#protocol/tunnel/attach.ts';
import { Link } from '#protocol/tunnel/link.ts';
import { paths } from '#protocol/tunnel/version.ts';

export async function checkName({ controller, proxy }: Way): Promise<Found> {
  const { host } = endOf(controller);
  if (isIP(host) !== 0) return ok(`${host} is an address, no name to look up`);
  if (proxy !== undefined) return ok(`${host} is looked up by the proxy`);
  try {
    const found = await lookup(host, { all: true });
    return ok(`${host} is ${found.map(({ address }) => address).join(', ')}`);
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    return fail(
      `DNS does not know ${host} (${code})`,
      'check the name for a slip, and the name servers of this host (/etc/resolv.conf)',
    );
  }
}

/** Where there is one: whether it lets us through is the next check, this says which it is. */
export function checkProxy({ proxy }: Way): Found {
  return ok(proxy === undefined ? 'none: straight to the controller' : `through ${maskProxy(proxy.href)}`);
}

export async function checkKey(way: Way): Promise<Found> {
  const from = performance.now();
  const { socket, pin } = await dial(way);
  socket.destroy();
  const took = `${Math.round(performance.now() - from)} ms`;
  if (pin !== undefined) return ok(`TCP and TLS in ${took}; the key is the one that was enrolled with`);
  return warn(`TCP in ${took}, without TLS`, 'ws:// is for one host alone; take wss://');
}

const clockLimits = { warnMs: 30_000, failMs: 300_000 };

export async function checkClock(way: Way, now: () => number): Promise<Found> {
  const before = now();
  const { headers } = await ask(way, { method: 'GET', path: '/' });
  const theirs = Date.parse(headers.date ?? '');
  if (Number.isNaN(theirs))
    return warn('the controller does not tell its time', 'compare the clocks by hand');
  // Its seconds are whole, and the answer took its time.
  const offMs = (before + now()) / 2 - (theirs + 500);
  const said = `${Math.abs(offMs / 1_000).toFixed(0)} s ${offMs > 0 ? 'ahead of' : 'behind'} the controller (limit ${clockLimits.failMs / 1_000} s)`;
  const advice = 'set this host’s clock (timedatectl set-ntp true): certificates and logs go by it';
  if (Math.abs(offMs) > clockLimits.failMs) return fail(said, advice);
  return Math.abs(offMs) > clockLimits.warnMs ? warn(said, advice) : ok(said);
}

/** More than two full Ethernet packets at once; an enrolment that is refused, whatever is in it. */
const bigBytes = 3_500;

/** Where full packets vanish, small ones come through and this does not. */
export async function checkPacketSize(way: Way): Promise<Found> {
  const mtu = await mtuTo(way);
  const local =
    mtu === undefined ? 'the MTU of our interface is not known' : `our interface has an MTU of ${mtu}`;
  try {
    await ask(way, { method: 'POST', path: paths.enrol, body: { filling: 'x'.repeat(bigBytes) } });
  } catch (error) {
    if (!Fault.is(error, 'unavailable')) throw error;
    // The TLS handshake went through: `checkKey` was before this.
    return fail(
      `small packets come through, ${bigBytes} bytes at once do not; ${local}`,
      'a tunnel or DSL line on the way drops full packets: lower the MTU (1400), or let ICMP "fragmentation needed" pass',
    );
  }
  return ok(`${bigBytes} bytes at once come through; ${local}; the path’s own is not known, TCP finds it`);
}

/** Of the interface that the way leaves by, where Linux tells. */
async function mtuTo(way: Way): Promise<number | undefined> {
  const { socket } = await dial(way);
  const { localAddress } = socket;
  socket.destroy();
  const name = Object.entries(networkInterfaces()).find(([, each]) =>
    each?.some(({ address }) => address === localAddress),
  )?.[0];
  const text = name && (await readFile(`/sys/class/net/${name}/mtu`, 'utf8').catch(() => undefined));
  return text === undefined ? undefined : Number(text);
}

/** A tunnel of our own, for as long as the pings take. Only where no agent has one: there is one at a time. */
export async function checkCredential(
  way: Way,
  identity: AgentIdentity,
  take: (link: Link) => Promise<void>,
): Promise<Found> {
  const ending = endOf(way.controller).isTls ? ('controller' as const) : ('proxy' as const);
  const { socket } = await openSocket({ ...way, kind: 'signal', identity, ending });
  const link = await new Promise<Link>((resolve, reject) => {
    const opened: Link = new Link({
      kind: 'signal',
      clock: systemClock,
      onFrame: () => {},
      onFailed: () => {},
      onUp: () => resolve(opened),
      onDown: (reason) => reject(new Fault('unavailable', `the tunnel did not come up: ${reason}`)),
    });
    attachSocket(opened, socket, systemClock);
    socket.resume();
  });
  try {
    await take(link);
    return ok('the controller takes this agent');
  } finally {
    link.close();
    socket.close();
  }
}

export type Pings = { sent: number; timesMs: readonly number[] };

const pings = 20;
const pingMs = 2_000;

/** One after the other. */
export async function burst(ping: () => Promise<boolean>, count = pings): Promise<Pings> {
  const timesMs: number[] = [];
  for (let sent = 0; sent < count; sent++) {
    const from = performance.now();
    if (await ping()) timesMs.push(performance.now() - from);
  }
  return { sent: count, timesMs };
}

export const pingTunnel = (link: Link) => burst(() => link.probe(pingMs));

/** Beside a tunnel that is up: a connection is one round trip. */
export const pingByConnections = (way: Way) =>
  burst(async () => {
    try {
      const { socket } = await dial({ ...way, timeoutMs: pingMs });
      socket.destroy();
      return true;
    } catch (error) {
      if (Fault.is(error, 'unavailable')) return false;
      throw error;
    }
  }, 5);

/** Voice wants an ear in 150 ms (ITU-T G.114), and jitter that a phone's buffer takes. */
const line = { latencyMs: 150, jitterMs: 30 };

export function judge({ sent, timesMs }: Pings, how: string): Found {
  const sorted = [...timesMs].sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1];
  const advice =
    'voice will suffer: look for a full line, Wi-Fi or a VPN on the way, and give TCP to the controller priority';
  if (median === undefined) return fail(`none of ${sent} ${how} came back`, advice);
  const steps = timesMs.slice(1).map((time, at) => Math.abs(time - (timesMs[at] ?? time)));
  const jitter = steps.reduce((sum, step) => sum + step, 0) / Math.max(1, steps.length);
  const lost = sent - timesMs.length;
  const said = `${median.toFixed(1)} ms (median of ${sent} ${how}), jitter ${jitter.toFixed(1)} ms, ${lost} lost`;
  const isBad = lost > 0 || median > 2 * line.latencyMs || jitter > line.jitterMs;
  return isBad ? warn(said, advice) : ok(said);
}
