/**
 * The real controller and the real agent in one process on 127.0.0.1, with a
 * site, people and desks; real TLS WebSockets between them, real UDP and HTTP
 * at the phones' side. What is done here is done as an operator would.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Agent, type AgentOptions, runAgent } from '#agent/agent.ts';
import { loadConfig } from '#agent/config.ts';
import { enrol } from '#agent/enrol.ts';
import type { AgentIdentity } from '#agent/identity.ts';
import type { PhoneEvent } from '#agent/phone/events.ts';
import { openPhone, type Phone, type PhoneOptions } from '#agent/phone/phone.ts';
import { dialTunnel } from '#agent/tunnel.ts';
import { type Client, createClient } from '#controller/cli/client.ts';
import { type Controller, openController } from '#controller/controller.ts';
import { openMasterKey } from '#controller/master-key.ts';
import type { Change } from '#controller/model/ports.ts';
import { openStore } from '#controller/store/store.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import { systemClock } from '#protocol/clock.ts';
import { until } from '#test/support/until.ts';
import { createEar, type Ear } from './ear.ts';

export const anna = { extension: '100', name: 'Anna Berger', pin: '4829' };
export const ben = { extension: '101', name: 'Ben Krause', pin: '6301' };

export type WorldOptions = {
  /** HD0001, HD0002, …: so many, or these models. */
  desks?: number | readonly string[];
  site?: object;
  people?: readonly {
    extension: string;
    name: string;
    pin?: string;
    hotdesk?: boolean;
    keys?: readonly object[];
  }[];
  /** In the store before the controller opens it. */
  seed?: readonly Change[];
  agent?: Partial<AgentOptions>;
  /** An empty one, to be kept; else one that goes with the world. */
  folder?: string;
  /** The port the agent dials, for one in between. */
  way?(tunnelPort: number): Promise<number>;
};

export type World = {
  readonly folder: string;
  readonly controller: Controller;
  readonly agent: Agent;
  readonly identity: AgentIdentity;
  readonly ear: Ear;
  readonly gateway: Desk;
  readonly ask: Client['ask'];
  /** Everything both programs logged, at trace. */
  readonly log: readonly string[];
  readonly sip: HostPort;
  /** A bearer token of the API. */
  readonly token: string;
  counter(name: string): Promise<number>;
  device(id: string): Promise<Record<string, unknown>>;
  url(device: string): Promise<string>;
  /** Powers on the phone of a desk, and waits until it is registered. */
  desk(id: string, options?: Partial<PhoneOptions>): Promise<Desk>;
  changedOver(device: string): Promise<void>;
  /** Closed when the story is over, the last first. */
  defer(close: () => unknown): void;
};

export const deskName = (number: number) => `HD${String(number).padStart(4, '0')}`;
export const macOf = (id: string) => `001565d0${id.slice(2)}`;

/** Runs `story`, and closes everything afterwards, whatever happened. */
export async function inWorld(
  story: (world: World) => Promise<void>,
  options: WorldOptions = {},
): Promise<void> {
  const closers: (() => unknown)[] = [];
  try {
    await story(await openWorld(options, (close) => closers.push(close)));
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function openWorld(options: WorldOptions, defer: World['defer']): Promise<World> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'hotdesk-e2e-')));
  if (options.folder === undefined) defer(() => rm(folder, { recursive: true, force: true }));
  const data = join(folder, 'controller');
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  await sow(data, options.seed ?? []);
  const any = { address: '127.0.0.1', port: 0 };
  const controller = await openController({ data, listen: any, apiListen: any, log });
  defer(() => controller.close());
  const client = createClient({ type: 'socket', data });
  defer(() => client.close());
  const ask: Client['ask'] = (...asked) => client.ask(...asked);

  const gateway = await openDesk({});
  defer(() => gateway.phone.close());
  await populate(ask, options, gateway.phone.sip);

  const url = new URL(controller.tunnel);
  if (options.way !== undefined) url.port = String(await options.way(Number(url.port)));
  const identity = { ...(await enrolAt(ask, new URL(controller.tunnel))), controller: url };
  const ear = createEar();
  const agent = await runAgent({
    config: agentConfig(),
    identity,
    clock: systemClock,
    log,
    dial: ear.tap(dialTunnel),
    ...options.agent,
  });
  defer(() => agent.close());
  const device = async (id: string) => (await ask('GET', `/devices/${id}`)) as Record<string, unknown>;
  const urlOf = (id: string) =>
    until(
      `a provisioning URL of ${id}`,
      async () => (await device(id)).provisioningUrl as string | undefined,
    );
  await until('the agent is up', async () =>
    ((await ask('GET', '/agents')) as { items: { isUp: boolean; sip?: string }[] }).items.some(
      ({ isUp, sip }) => isUp && sip,
    ),
  );
  const { token } = (await ask('POST', '/tokens', { name: 'test' })) as { token: string };

  return {
    folder,
    controller,
    agent,
    identity,
    ear,
    gateway,
    ask,
    log: lines,
    sip: agent.sip[0] ?? any,
    token,
    async counter(name) {
      const { items } = (await ask('GET', '/counters')) as { items: { name: string; count: number }[] };
      const found = items.find((each) => each.name === name);
      if (found === undefined) throw new Error(`there is no counter ${name}`);
      return found.count;
    },
    device,
    url: urlOf,
    async desk(id, more = {}) {
      const { model } = (await device(id)) as { model: string };
      const provisioning = { url: await urlOf(id), mac: macOf(id), model };
      const desk = await openDesk({ provisioning, ...more });
      defer(() => desk.phone.close());
      await desk.saw('registered');
      return desk;
    },
    async changedOver(id) {
      const isActive = async () => {
        const { changeOver } = (await device(id)) as { changeOver: { state: string } };
        return changeOver.state === 'active';
      };
      await until(`the change-over of ${id}`, isActive, 30_000);
    },
    defer,
  };
}

/** As `hotdesk-agent run --listen 127.0.0.1` with ports that are free. */
export function agentConfig(more: Record<string, string> = {}) {
  const flags = { listen: '127.0.0.1', 'sip-port': '0', 'http-port': '0', 'rtp-ports': '0', ...more };
  return loadConfig({ flags: new Map(Object.entries(flags).map(([name, value]) => [name, [value]])) });
}

export async function enrolAt(ask: Client['ask'], controller: URL, site = 'berlin'): Promise<AgentIdentity> {
  const { token } = (await ask('POST', '/enrol-tokens', { site })) as { token: string };
  return await enrol({ controller, token });
}

async function sow(data: string, seed: readonly Change[]): Promise<void> {
  if (seed.length === 0) return;
  await openMasterKey(data, true);
  const silent = { info() {}, warn() {}, error() {} };
  const store = await openStore({ folder: join(data, 'store'), log: silent });
  await store.commit(seed);
  await store.close();
}

/** Site, people and desks, as an operator would make them. */
export async function populate(
  ask: Client['ask'],
  { desks = 1, people = [anna, ben], site = {} }: WorldOptions,
  emergencyGateway: HostPort,
): Promise<void> {
  await ask('POST', '/sites', { id: 'berlin', emergencyNumbers: ['112'], emergencyGateway, ...site });
  for (const person of people) await ask('POST', '/users', person);
  const models = typeof desks === 'number' ? Array.from({ length: desks }, () => 'T46S') : desks;
  for (const [index, model] of models.entries())
    await ask('POST', '/devices', { mac: macOf(deskName(index + 1)), model, site: 'berlin' });
}

type Named<E extends PhoneEvent['event']> = Extract<PhoneEvent, { event: E }>;
export type Seen<E extends PhoneEvent['event'] = PhoneEvent['event']> = Named<E> & { at: number };

export type Desk = {
  phone: Phone;
  events: readonly Seen[];
  mark(): number;
  /** The first event of that name since `from` that has all of `match`. */
  saw<E extends PhoneEvent['event']>(
    name: E,
    match?: Partial<Named<E>>,
    from?: number,
    ms?: number,
  ): Promise<Seen<E>>;
  count(name: PhoneEvent['event'], from?: number): number;
};

/** A phone, and all that was seen and heard at it. */
export async function openDesk(options: Omit<PhoneOptions, 'onEvent'>): Promise<Desk> {
  const events: Seen[] = [];
  const onEvent = (event: PhoneEvent) => void events.push({ ...event, at: performance.now() } as Seen);
  const phone = await openPhone({ ...options, onEvent });
  return {
    phone,
    events,
    mark: () => events.length,
    async saw(name, match = {}, from = 0, ms = 10_000) {
      const wanted = Object.entries({ event: name, ...match });
      const fits = (event: object) => wanted.every(([key, value]) => Reflect.get(event, key) === value);
      const what = `${JSON.stringify(Object.fromEntries(wanted))} at ${formatHostPort(phone.sip)}`;
      const found = await until(what, () => events.slice(from).find(fits), ms).catch((cause: Error) => {
        const last = JSON.stringify(
          events
            .slice(from)
            .filter(({ event }) => event !== 'audio')
            .slice(-4),
        );
        throw new Error(`${cause.message}; there was ${last}`, { cause });
      });
      return found as Seen<typeof name>;
    },
    count: (name, from = 0) => events.slice(from).filter(({ event }) => event === name).length,
  };
}

/** Dials the login code; answers the mark before it, when the call is up. */
export async function dialLogin(desk: Desk, { extension }: { extension: string }): Promise<number> {
  const from = desk.mark();
  desk.phone.call(`*77*${extension}*`);
  await desk.saw('answered', {}, from);
  return from;
}

/**
 * Dials the login code and types the PIN into it; answers when the IVR has hung up.
 * With `ear` it types again what was not understood: digits are sound, and sound
 * that a busy machine brings too late is dropped.
 */
export async function logIn(
  desk: Desk,
  person: { extension: string; pin: string },
  ear?: Ear,
): Promise<void> {
  const from = await dialLogin(desk, person);
  const { remoteMedia } = await desk.saw('answered', {}, from);
  let typed = 0;
  await until(
    'the login call is over',
    () => {
      const wrong = (ear?.heard(remoteMedia) ?? []).filter(({ prompt }) => prompt === 'wrong');
      if (typed <= wrong.length) {
        typed++;
        desk.phone.dtmf(`${person.pin}#`);
      }
      return desk.count('ended', from) > 0;
    },
    ear === undefined ? 10_000 : 30_000,
  );
  await desk.saw('ended', { by: 'them' }, from);
}
