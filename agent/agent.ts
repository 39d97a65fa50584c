/**
 * The agent: the controller's remote set of sockets.
 *
 *     phone ─ SIP ─────→ sip ───┐
 *     phone ─ HTTP GET ─→ http ─┤
 *     phone ─ multicast ─→ pnp ─┼─→ tunnel ─→ controller
 *     phone ─ RTP ─→ media ─────┘
 *
 * All sockets are open when `runAgent` answers; the tunnel is dialled again and
 * again until `close`, so a controller that is away is no error.
 */

import assert from 'node:assert/strict';
import type { KeyObject } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { type HttpRelay, listenRelay, type RelayCounters } from '#agent/http/relay.ts';
import { type AgentMedia, type MediaCounters, openMediaPorts } from '#agent/media/ports.ts';
import { openPnp, type Pnp } from '#agent/pnp/pnp.ts';
import type { PnpCounters } from '#agent/pnp/responder.ts';
import type { SipCounters } from '#agent/sip/relay.ts';
import { openSipSockets, type SipSockets } from '#agent/sip/sockets.ts';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { Fault } from '#protocol/fault.ts';
import type { ControlMessage } from '#protocol/tunnel/control.ts';
import { type AgentConfig, listenAddresses, nextPort } from './config.ts';
import { createLoad, loadEveryMs } from './load.ts';
import { type AgentTunnel, dialTunnel, type Log, type TunnelOptions } from './tunnel.ts';
import type { Upgrades } from './upgrade.ts';
import { version } from './version.ts';

export type AgentOptions = {
  config: AgentConfig;
  identity: { agent: string; privateKey: KeyObject; controller: URL; pins: readonly string[] };
  /** Which way the tunnel goes; undefined: straight. */
  proxy?: URL | undefined;
  clock: Clock;
  log: Log;
  /** Each time the tunnel is up, and when it fell or could not be dialled. */
  onUp?: (() => void) | undefined;
  onDown?: ((fault?: Fault | Error) => void) | undefined;
  /** As of `TunnelOptions`. */
  after?: Promise<void> | undefined;
  /** Where something watches a new version come up: takes offers of one. */
  upgrades?: ((tell: () => void) => Upgrades) | undefined;
  /** The controller will have a new key: to be kept with the identity. */
  onPins?: ((pins: readonly string[]) => void) | undefined;
  /** Of the tunnel: how often it is pinged, when it is dead, how long it queues. */
  intervals?: Pick<TunnelOptions, 'pingMs' | 'deadMs' | 'gapMs'>;
  dial?: typeof dialTunnel;
  /** The multicast group where phones ask for their config; not set by operators. */
  pnpGroup?: HostPort;
};

export type Agent = {
  readonly sip: readonly HostPort[];
  readonly http: readonly HostPort[];
  readonly https: readonly HostPort[];
  /** Where phones ask for their config by multicast. */
  readonly pnp: HostPort | undefined;
  readonly isUp: boolean;
  readonly counters: {
    pnp: Readonly<PnpCounters>;
    sip: Readonly<SipCounters>;
    media: Readonly<MediaCounters>;
    http: Readonly<RelayCounters>;
    tunnel: AgentTunnel['counters'];
  };
  /** Takes no new flows, answers what is asked already, tells the controller, and lets go of everything. */
  close(): Promise<void>;
};

export async function runAgent({
  config,
  identity,
  proxy,
  clock,
  log,
  onUp,
  onDown = () => {},
  after,
  upgrades,
  onPins,
  intervals = {},
  dial = dialTunnel,
  pnpGroup,
}: AgentOptions): Promise<Agent> {
  const hosts = listenAddresses(config, networkInterfaces());
  const opened: { close(): Promise<void> }[] = [];
  let tunnel: AgentTunnel | undefined;
  const uplink = createUplink(() => tunnel);

  try {
    const sip = await openSipSockets({
      listen: at(hosts, config.sipPort),
      tlsPort: config.sipTlsPort ?? nextPort(config.sipPort),
      onStatus: () => tunnel?.control(status()),
      uplink,
      clock,
      log,
    });
    opened.push(sip);
    const media = openMediaPorts({
      addresses: hosts,
      range: config.rtpPorts,
      isPhone: (address) => sip.relay.isPhone(address),
      uplink,
      clock,
      log,
    });
    opened.push(media);
    const pnp = await openPnp({
      addresses: config.pnp ? hosts : [],
      group: pnpGroup,
      tell: uplink.control,
      clock,
      log,
    });
    opened.push(pnp);
    const http = await listenRelay({
      listen: at(hosts, config.httpPort),
      tls: {
        listen: at(hosts, config.httpsPort ?? nextPort(config.httpPort)),
        credentials: sip.certificate.credentials,
        isWished: config.httpsPort !== undefined,
      },
      uplink,
      clock,
      log,
      onStray: pnp.stray,
    });
    opened.push(http);
    const upgrading = upgrades?.(() => tunnel?.control(status()));
    const status = () => ({ ...statusOf(sip, http), ...upgrading?.status() });

    tunnel = dial({
      controller: identity.controller,
      identity,
      pins: identity.pins,
      allowPlain: config.allowPlain,
      proxy,
      clock,
      log,
      status,
      flows: () => sip.relay.flows(),
      onControl: (message) => control(message, { sip, media, pnp, upgrading, log }),
      onSip: (flow, bytes) => sip.relay.send(flow, bytes),
      onRtp: (stream, packet) => media.send(stream, packet),
      onUp(newEpoch) {
        // Stream numbers are the controller's: after its restart they mean nothing.
        if (newEpoch) {
          media.closeAll();
          pnp.isWanted = false;
        }
        onUp?.();
      },
      // What waits, waits in the link.
      onDown: () => onDown(),
      onFailure: onDown,
      after,
      ...(onPins && { onPins }),
      ...intervals,
    });
    const up = tunnel;
    const load = createLoad(clock);
    let cancelLoad = clock.after(loadEveryMs, tellLoad);
    function tellLoad(): void {
      cancelLoad = clock.after(loadEveryMs, tellLoad);
      // Without what the controller would act on again.
      const { tlsKey: _, hears: __, ...known } = status();
      if (up.isUp) up.control({ ...known, load: load() });
    }
    let closing: Promise<void> | undefined;
    return {
      sip: sip.addresses,
      http: http.addresses,
      https: http.tlsAddresses,
      pnp: pnp.group,
      get isUp() {
        return up.isUp;
      },
      counters: {
        pnp: pnp.counters,
        sip: sip.relay.counters,
        media: media.counters,
        http: http.counters,
        tunnel: up.counters,
      },
      close() {
        cancelLoad();
        closing ??= drain({ sip, media, http, pnp, tunnel: up });
        return closing;
      },
    };
  } catch (error) {
    await Promise.all(opened.map((each) => each.close()));
    throw error;
  }
}

const at = (hosts: readonly string[], port: number) => hosts.map((address) => ({ address, port }));

/** The tunnel for rooms that are open before it is dialled: until then it takes nothing. */
function createUplink(tunnel: () => AgentTunnel | undefined): Omit<AgentTunnel, 'close' | 'counters'> {
  return {
    get isUp() {
      return tunnel()?.isUp ?? false;
    },
    control: (message) => tunnel()?.control(message),
    sip: (flow, bytes) => tunnel()?.sip(flow, bytes) ?? false,
    rtp: (stream, packet) => tunnel()?.rtp(stream, packet),
    request: (request) => tunnel()?.request(request) ?? Promise.reject(new Error('not dialled yet')),
  };
}

const transports = ['udp', 'tcp', 'tls'] as const;

function statusOf(sip: SipSockets, http: HttpRelay): Extract<ControlMessage, { type: 'status' }> {
  const [first] = http.addresses;
  const [firstTls] = http.tlsAddresses;
  assert(first, 'there is an address to listen at');
  return {
    type: 'status',
    version,
    sip: sip.all
      .flatMap((of) => transports.map((transport) => ({ transport, address: of[transport] })))
      .slice(0, 16),
    http: first,
    ...(firstTls && { https: firstTls }),
    hears: true,
    seesNeighbours: true,
    ...(sip.certificate.key && { tlsKey: sip.certificate.key }),
  };
}

type Rooms = { sip: SipSockets; media: AgentMedia; pnp: Pnp; upgrading: Upgrades | undefined; log: Log };

function control(message: ControlMessage, { sip, media, pnp, upgrading, log }: Rooms): void {
  switch (message.type) {
    case 'flow.open':
      sip.relay.openFlow(message);
      break;
    case 'flow.close':
      sip.relay.closeFlow(message.flow);
      break;
    case 'media.open':
    case 'media.remote':
    case 'media.close':
      media.control(message);
      break;
    case 'certificate':
      sip.certificate.signed(message.chain);
      break;
    case 'hear':
      pnp.isWanted = true;
      break;
    case 'offer':
      pnp.offer(message);
      break;
    case 'who':
      pnp.who(message).catch((err: unknown) => log.debug({ err }, 'no neighbour table'));
      break;
    case 'release':
    case 'upgrade':
      upgrading?.take(message);
      break;
    case 'closing':
      log.info({ reason: message.reason }, 'controller closing');
      break;
    default:
      // What only an agent says: a controller of another mind, and nothing to do.
      log.warn({ type: message.type }, 'control message of an agent');
  }
}

async function drain(open: {
  sip: SipSockets;
  media: AgentMedia;
  http: HttpRelay;
  pnp: Pnp;
  tunnel: AgentTunnel;
}): Promise<void> {
  open.sip.relay.drain();
  await open.pnp.close();
  await open.http.close();
  open.tunnel.control({ type: 'closing', reason: 'the agent stops' });
  await open.media.close();
  await open.tunnel.close();
  await open.sip.close();
}
