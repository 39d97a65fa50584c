/** A hub and agents on 127.0.0.1, with a store in memory and short intervals. */

import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { enrol } from '#agent/enrol.ts';
import { type AgentTunnel, dialTunnel, type TunnelOptions } from '#agent/tunnel.ts';
import type { Flow, Site } from '#controller/model/model.ts';
import type { RelayedRequest } from '#controller/model/ports.ts';
import { type Hub, type HubOptions, listenHub } from '#controller/tunnel/hub.ts';
import { systemClock } from '#protocol/clock.ts';
import type { ControlMessage, FlowOpening } from '#protocol/tunnel/control.ts';
import { createMemoryStore, type MemoryStore } from '#test/support/memory-store.ts';
import { freePort } from '#test/support/ports.ts';
import { until } from '#test/support/until.ts';

export const silent = { debug() {}, info() {}, warn() {}, error() {} };

export const phone = { address: '127.0.0.1', port: 5062 };
export const agentSip = { address: '127.0.0.1', port: 5060 };
export const opening: FlowOpening = { flow: 1, transport: 'udp', local: agentSip, remote: phone };

const site: Site = {
  id: 'berlin',
  timeZone: 'Europe/Berlin',
  language: 'de',
  emergencyNumbers: ['112'],
  transport: 'udp',
  dialCodes: { login: '*77*', logout: '*77*5*' },
  idleMayCall: [],
  media: 'direct',
  mayWatch: 'layout',
};

export type Identity = { agent: string; privateKey: KeyObject; pins: readonly string[] };

export type World = {
  store: MemoryStore;
  hub: Hub;
  folder: string;
  url: URL;
  sip: { flow: Flow; text: string }[];
  http: RelayedRequest[];
  enrol(site?: string): Promise<Identity>;
  restartHub(options?: Partial<HubOptions>): Promise<void>;
};

/** Runs `story` and closes everything afterwards, whatever happened. */
export async function inWorld(
  story: (world: World, defer: (close: () => Promise<unknown>) => void) => Promise<void>,
  options: Partial<HubOptions> = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-tunnel-'));
  const closers: (() => Promise<unknown>)[] = [];
  const store = createMemoryStore([
    { type: 'put', collection: 'sites', value: site },
    { type: 'put', collection: 'sites', value: { ...site, id: 'wien' } },
  ]);
  const sip: World['sip'] = [];
  const http: RelayedRequest[] = [];
  const listen = (port: number, more: Partial<HubOptions>) =>
    listenHub({
      listen: { address: '127.0.0.1', port },
      folder,
      store,
      clock: systemClock,
      log: silent,
      onSip: (flow, bytes) => sip.push({ flow, text: Buffer.from(bytes).toString() }),
      onHttp: async (request) => {
        http.push(request);
        return { status: 200, headers: { etag: '"1"' }, body: Buffer.from(`for ${request.path}`) };
      },
      pingMs: 200,
      deadMs: 6_000,
      gapMs: 12_000,
      ...options,
      ...more,
    });

  const hub = await listen(await freePort(), {});
  const world: World = {
    store,
    hub,
    folder,
    url: new URL(`${options.plain ? 'ws' : 'wss'}://127.0.0.1:${hub.address.port}`),
    sip,
    http,
    async enrol(of = 'berlin') {
      const token = await world.hub.createEnrolToken(of);
      return await enrol({ controller: world.url, token });
    },
    async restartHub(more = {}) {
      await world.hub.close();
      world.hub = await listen(world.hub.address.port, more);
    },
  };
  closers.push(() => world.hub.close());
  closers.unshift(() => rm(folder, { recursive: true }));
  try {
    await story(world, (close) => closers.push(close));
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

export type TestAgent = AgentTunnel & {
  heard: string[];
  controls: ControlMessage[];
  packets: Uint8Array[];
  flows: FlowOpening[];
  ups: boolean[];
  downs: number;
  pins: (readonly string[])[];
};

export function startAgent(url: URL, identity: Identity, options: Partial<TunnelOptions> = {}): TestAgent {
  const seen = {
    heard: [] as string[],
    controls: [] as ControlMessage[],
    packets: [] as Uint8Array[],
    flows: [opening],
    ups: [] as boolean[],
    downs: 0,
    pins: [] as (readonly string[])[],
  };
  const tunnel = dialTunnel({
    controller: url,
    identity,
    pins: identity.pins,
    clock: systemClock,
    log: silent,
    status: () => ({
      type: 'status',
      version: '0.1.0',
      sip: [{ transport: 'udp', address: agentSip }],
      http: { address: '127.0.0.1', port: 8080 },
    }),
    flows: () => seen.flows,
    onControl: (message) => seen.controls.push(message),
    onSip: (flow, bytes) => seen.heard.push(`${flow} ${Buffer.from(bytes).toString()}`),
    onRtp: (_, packet) => seen.packets.push(Uint8Array.from(packet)),
    onUp: (newEpoch) => seen.ups.push(newEpoch),
    onDown: () => {
      seen.downs++;
    },
    onPins: (pins) => seen.pins.push(pins),
    random: () => 0.1,
    pingMs: 200,
    deadMs: 6_000,
    gapMs: 12_000,
    ...options,
  });
  return Object.defineProperties(seen, Object.getOwnPropertyDescriptors(tunnel)) as unknown as TestAgent;
}

/** An agent whose tunnel is up, signal and flows, on both ends. */
export async function startUp(
  world: World,
  identity: Identity,
  options?: Partial<TunnelOptions>,
): Promise<TestAgent> {
  const agent = startAgent(world.url, identity, options);
  await until(
    'the tunnel is up',
    () => summaryOf(world.hub, identity.agent)?.flows === agent.flows.length && agent.isUp,
  );
  return agent;
}

export const summaryOf = (hub: Hub, agent: string) => hub.agents().find((each) => each.agent === agent);
