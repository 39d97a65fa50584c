/**
 * Our side of a measurement: controller and agent as an operator runs them, from
 * dist/, with a store that already holds the office. A phone of it has a loopback
 * address of its own, 127.16.0.1 and on, as it would have its own on a LAN: the
 * limits that the two programs set an address stay as they are delivered.
 */

import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '#controller/cli/client.ts';
import { createKeys } from '#controller/keys.ts';
import { openMasterKey } from '#controller/master-key.ts';
import { site as siteSchema } from '#controller/model/model.ts';
import type { Change } from '#controller/model/ports.ts';
import { openStore } from '#controller/store/store.ts';
import { type HostPort, parseHostPort } from '#protocol/address.ts';
import type { Phone } from './load.ts';
import { type Program, runProgram, startProgram } from './programs.ts';

export type World = {
  readonly sip: HostPort;
  readonly controller: Program;
  readonly agent: Program;
  readonly phones: readonly Phone[];
  /** Goes with the world. */
  readonly folder: string;
  close(): Promise<void>;
};

export type WorldOptions = {
  devices: number;
  /** User 1000 is logged in at the first device, 1001 at the second, and so on. */
  sessions?: number;
  /** Phones behind one address; 1: each has its own. */
  perAddress?: number;
};

const program = (name: string) => fileURLToPath(new URL(`../../dist/${name}.mjs`, import.meta.url));
const site = 'bench';
/** A row is over in half a minute, and its programs never live much longer. */
const limitMs = 180_000;

export async function openWorld({ devices, sessions = 0, perAddress = 1 }: WorldOptions): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-bench-'));
  const started: Program[] = [];
  // Also when somebody loses patience: there are keys in it.
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  async function close(): Promise<void> {
    process.off('exit', remove);
    for (const each of started.toReversed()) await each.close();
    await rm(folder, { recursive: true, force: true });
  }
  try {
    const data = join(folder, 'controller');
    const phones = await populate(data, { devices, sessions, perAddress });
    const start = async (name: string, args: string[]) => {
      // --cpu-prof and the like, for whoever looks for what is slow.
      const flags = (process.env.BENCH_NODE_FLAGS ?? '').split(' ').filter(Boolean);
      const all = [...flags, program(name), ...args, '--json-ready', '--log-level', 'warn'];
      const child = startProgram(process.execPath, all, { limitMs, cwd: folder });
      started.push(child);
      return { child, ready: await child.ready() };
    };
    const any = ['--tunnel-port', '0', '--api-port', '0'];
    const controller = await start('hotdesk', ['serve', '--data', data, '--listen', '127.0.0.1', ...any]);
    const token = await enrolToken(data);
    const own = join(folder, 'agent');
    const enrol = ['enrol', '--controller', String(controller.ready.tunnel), '--token', token, '--data', own];
    await runProgram(process.execPath, [program('hotdesk-agent'), ...enrol]);
    const ports = ['--sip-port', '0', '--http-port', '0', '--rtp-ports', '0'];
    const agent = await start('hotdesk-agent', ['run', '--data', own, '--listen', '127.0.0.1', ...ports]);
    const sip = parseHostPort(String(agent.ready.sip));
    return { sip, controller: controller.child, agent: agent.child, phones, folder, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function enrolToken(data: string): Promise<string> {
  const client = createClient({ type: 'socket', data });
  const { token } = (await client.ask('POST', '/enrol-tokens', { site })) as { token: string };
  await client.close();
  return token;
}

/** Straight into the store, before anybody has it open: thousands of devices through the API take their time. */
async function populate(data: string, { devices, sessions, perAddress }: Required<WorldOptions>) {
  const keys = createKeys(await openMasterKey(data, true));
  const log = { info() {}, warn() {}, error() {} };
  const store = await openStore({ folder: join(data, 'store'), log });
  const changes: Change[] = [{ type: 'put', collection: 'sites', value: siteSchema.parse({ id: site }) }];
  const phones: Phone[] = [];
  for (let number = 1; number <= devices; number++) {
    const id = `HD${String(number).padStart(4, '0')}`;
    const mac = randomBytes(6).toString('hex');
    const value = { id, mac, vendor: 'Yealink', model: 'T46S', site, generation: 1, confirmedGeneration: 1 };
    changes.push({ type: 'put', collection: 'devices', value });
    if (number <= sessions) {
      const extension = String(999 + number);
      const user = { extension, name: `User ${extension}`, hotdesk: true, keys: [] };
      changes.push({ type: 'put', collection: 'users', value: user });
      const session = { device: id, extension, since: Date.now(), how: 'admin' as const };
      changes.push({ type: 'put', collection: 'sessions', value: session });
    }
    const address = addressOf(Math.floor((number - 1) / perAddress) + 1);
    phones.push({ user: id, secret: keys.sipSecret(id, 1), address });
  }
  for (let at = 0; at < changes.length; at += 500) await store.commit(changes.slice(at, at + 500));
  await store.close();
  return phones;
}

/** A port that stays from one run to the next, as a phone's does: an agent has 4,096 flows at most. */
const addressOf = (index: number) => `127.16.${index >> 8}.${index & 0xff}:5060`;
