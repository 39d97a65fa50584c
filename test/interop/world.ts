/**
 * A world for real peers: `hotdesk demo --idle` as its own process, spoken to as
 * an office would: its ready line, its API, and the provisioning URL that a
 * phone gets. Nothing of the product is imported here.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from '#test/support/until.ts';

export type Ready = {
  step: 'ready';
  ok: boolean;
  sip: string;
  api: string;
  token: string;
  devices: { device: string; mac: string; vendor: string; model: string; provisioningUrl: string }[];
  users: { extension: string; name: string; pin: string }[];
  emergency: string;
};

/** What a phone needs to know, read from its config file. */
export type Account = {
  user: string;
  authUser: string;
  secret: string;
  displayName: string;
  key1: string;
  server: Server;
};

/** Where it registers. `trusted`: PEM of the CA, where the config names one. */
export type Server = { address: string; port: number; transport: 'udp' | 'tcp' | 'tls'; trusted?: string };

export type World = Ready & {
  /** `host` and `port` of the agent's SIP. */
  host: string;
  port: number;
  call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; json: Record<string, unknown> }>;
  /** One more desk of the office; it is the last of `devices`. */
  addDesk(mac: string): Promise<void>;
  /** Reads device `index`'s config from its provisioning URL, as the phone would. */
  account(index: number): Promise<Account>;
  /** What its programs logged, the last of it. */
  log(): string;
  /** Where it keeps its data. */
  readonly folder: string;
  close(): Promise<void>;
};

const program = fileURLToPath(new URL('../../dist/hotdesk.mjs', import.meta.url));

/** `logLevel`: of the controller and the agent, whose logs are in `folder`; `listen`: where its agent and its phones are. */
export async function openWorld({ logLevel = 'info', listen = '127.0.0.1' } = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-interop-'));
  const child = spawn(
    process.execPath,
    [program, 'demo', '--idle', '--json', '--listen', listen, '--data', join(folder, 'world')],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, HOTDESK_LOG_LEVEL: logLevel },
    },
  );
  let log = '';
  child.stderr.on('data', (chunk) => {
    log = (log + chunk).slice(-20_000);
  });
  const ended = once(child, 'exit');

  async function close(): Promise<void> {
    child.kill('SIGTERM');
    await ended;
    await rm(folder, { recursive: true, force: true });
  }

  const ready = await new Promise<Ready>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const said = JSON.parse(line) as Ready;
      if (said.step === 'ready') resolve(said);
    });
    void ended.then(([code]) => reject(new Error(`the demo ended with ${code}:\n${log}`)));
  });
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(ready.sip) ?? [];

  const call: World['call'] = async (method, path, body) => {
    const response = await fetch(`${ready.api}${path}`, {
      method,
      headers: { authorization: `Bearer ${ready.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      json: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
    };
  };

  return {
    ...ready,
    host,
    port: Number(port),
    folder,
    log: () => log,
    call,
    async addDesk(mac) {
      const { json } = await call('POST', '/devices', { mac, model: 'T46S', site: 'berlin' });
      const id = String(json.id);
      const provisioningUrl = await until(`a provisioning URL of ${id}`, async () => {
        const found = (await call('GET', `/devices/${id}`)).json.provisioningUrl;
        return typeof found === 'string' ? found : undefined;
      });
      ready.devices.push({ device: id, mac, vendor: 'yealink', model: 'T46S', provisioningUrl });
    },
    async account(index) {
      const { provisioningUrl, mac } = device(ready, index);
      const response = await fetch(`${provisioningUrl}${mac}.cfg`, {
        headers: { 'user-agent': `Yealink SIP-T46S 66.86.0.15 ${mac}` },
      });
      if (response.status !== 200) throw new Error(`config of ${mac}: ${response.status}`);
      return await toAccount(await response.text());
    },
    close,
  };
}

export function device(ready: Ready, index: number): Ready['devices'][number] {
  const found = ready.devices[index];
  if (found === undefined) throw new Error(`the world has no device ${index}`);
  return found;
}

/** What a Yealink reads from its config. */
export async function toAccount(config: string): Promise<Account> {
  const settings = new Map(
    config.split('\n').flatMap((line) => {
      const at = line.indexOf('=');
      return at < 0 ? [] : [[line.slice(0, at).trim(), line.slice(at + 1).trim()] as const];
    }),
  );
  const read = (name: string) => settings.get(name) ?? '';
  const url = read('static.trusted_certificates.url');
  return {
    user: read('account.1.user_name'),
    authUser: read('account.1.auth_name'),
    secret: read('account.1.password'),
    displayName: read('account.1.display_name'),
    key1: read('linekey.1.value'),
    server: {
      address: read('account.1.sip_server.1.address'),
      port: Number(read('account.1.sip_server.1.port')),
      transport:
        (['udp', 'tcp', 'tls'] as const)[Number(read('account.1.sip_server.1.transport_type'))] ?? 'udp',
      ...(url.startsWith('http') && { trusted: await (await fetch(url)).text() }),
    },
  };
}
