/**
 * The world of the demo: a controller, a site with two users and two devices, an
 * agent that is connected, and a gateway that answers emergency calls.
 *
 *     DIR/controller   the controller's data
 *     DIR/agent        the agent's
 *     DIR/demo.json    the ports, so that a kept world is found where it was
 *     DIR/*.log        what the programs said
 */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Client, createClient, type Method } from '#controller/cli/client.ts';
import { parseHostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import { devices, site, users } from './cast.ts';
import type { Child, Children } from './children.ts';
import { type DemoPhone, startPhone, until } from './phone.ts';

export type Ports = { tunnel: number; api: number; sip: number; http: number; rtp: string };

export type WorldOptions = {
  /** Closes them when it is done with the world. */
  children: Children;
  data: string;
  /** Where SIP, HTTP and RTP are. */
  listen: string;
  programs: { controller: string; agent: string };
  /** What the operator chose; what is left out is kept from the last time, or free. */
  ports: Partial<Ports>;
};

export interface World {
  /** Address and port of the agent's SIP. */
  readonly sip: string;
  readonly http: string;
  readonly api: string;
  /** New at each start. */
  readonly token: string;
  readonly gateway: DemoPhone;
  /** Of the controller; for `--data`. */
  readonly data: string;
  ask(method: Method, path: string, body?: object): Promise<Record<string, unknown>>;
  items(path: string): Promise<Record<string, unknown>[]>;
  provisioningUrl(device: string): Promise<string>;
  /** As its model would, from its provisioning URL. */
  startPhone(device: string): Promise<DemoPhone>;
  /** `kill -9`, and the time it took to be there again with its agent. */
  killController(): Promise<void>;
  restartController(): Promise<void>;
  close(): Promise<void>;
}

export async function openWorld(options: WorldOptions): Promise<World> {
  const { children, data, listen, programs } = options;
  const folder = { controller: join(data, 'controller'), agent: join(data, 'agent') };
  const log = (name: string) => join(data, `${name}.log`);
  let client: Client | undefined;
  const close = async () => client?.close();

  try {
    await mkdir(data, { recursive: true, mode: 0o700 });
    const ports = { ...(await readPorts(data)), ...options.ports };

    // biome-ignore format: a command line
    const serve = ({ tunnel = 0, api = 0 }: Partial<Ports>) =>
      children.startReady({
        name: 'hotdesk serve',
        file: programs.controller,
        args: [
          'serve', '--data', folder.controller, '--listen', '127.0.0.1',
          '--tunnel-port', String(tunnel), '--api-port', String(api), '--json-ready',
        ],
        logFile: log('controller'),
      });
    const first = await serve(ports);
    let controller: Child = first.child;
    const [tunnel, api] = [String(first.ready.tunnel), String(first.ready.api)];
    const own = { tunnel: Number(new URL(tunnel).port), api: Number(new URL(api).port) };

    client = createClient({ type: 'socket', data: folder.controller });
    const asked = client;
    const ask = async (method: Method, path: string, body?: object) =>
      (await asked.ask(method, path, body)) as Record<string, unknown>;
    const items = async (path: string) => (await ask('GET', path)).items as Record<string, unknown>[];

    const gateway = startPhone(children, {
      name: 'gateway',
      file: programs.agent,
      args: ['--gateway', '--listen', listen],
      logFile: log('gateway'),
    });
    const { sip: gatewayAt } = await gateway.saw({ event: 'ready' }, 0);
    await populate(ask, parseHostPort(String(gatewayAt)));

    if (!(await items('/agents')).some(({ revokedAt }) => revokedAt === undefined)) {
      const { token } = await ask('POST', '/enrol-tokens', { site: site.id });
      await children.run({
        name: 'hotdesk-agent enrol',
        file: programs.agent,
        args: ['enrol', '--controller', tunnel, '--token', String(token), '--data', folder.agent],
        logFile: log('agent'),
      });
    }
    const { sip = 0, http = 0, rtp = '0' } = ports;
    const agent = await children.startReady({
      name: 'hotdesk-agent run',
      file: programs.agent,
      // biome-ignore format: a command line
      args: [
        'run', '--data', folder.agent, '--listen', listen, '--sip-port', String(sip), '--http-port', String(http),
        '--rtp-ports', rtp, '--json-ready',
      ],
      logFile: log('agent'),
    });
    const at = { sip: String(agent.ready.sip), http: String(agent.ready.http) };
    const isAgentUp = async () => (await items('/agents')).some(({ isUp }) => isUp === true) || undefined;
    await until('the agent is connected', isAgentUp);
    await writePorts(data, {
      ...own,
      sip: parseHostPort(at.sip).port,
      http: parseHostPort(at.http).port,
      rtp,
    });
    const { token } = await ask('POST', '/tokens', { name: 'demo' });

    const provisioningUrl = (device: string) =>
      until(`a provisioning URL of ${device}`, async () => {
        const { provisioningUrl: url } = await ask('GET', `/devices/${device}`);
        return typeof url === 'string' ? url : undefined;
      });

    return {
      ...at,
      api,
      token: String(token),
      gateway,
      data: folder.controller,
      ask,
      items,
      provisioningUrl,
      async startPhone(device) {
        const { mac, model } = devices.find((each) => each.device === device) ?? devices[0];
        const url = await provisioningUrl(device);
        return startPhone(children, {
          name: device,
          file: programs.agent,
          args: ['--url', url, '--mac', mac, '--model', model, '--listen', listen],
          logFile: log(device),
        });
      },
      killController: () => controller.stop('SIGKILL'),
      async restartController() {
        controller = (await serve(own)).child;
        await until('the agent is connected again', isAgentUp);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type Ask = World['ask'];

/** Makes what is not there and puts right what is: a kept world begins as a new one does. */
async function populate(ask: Ask, emergencyGateway: object): Promise<void> {
  const { id, ...office } = site;
  await ensure(ask, '/sites', id, { id }, { ...office, emergencyGateway });
  for (const { extension, pin, ...user } of users) {
    await ensure(ask, '/users', extension, { extension, name: user.name }, { ...user, hotdesk: true });
    await ask('PUT', `/users/${extension}/pin`, { pin });
  }
  for (const { device, mac, model } of devices) {
    await ensure(ask, '/devices', device, { id: device, mac, model, site: id }, {});
    await unless404(ask('DELETE', `/sessions/${device}`));
  }
  for (const { id: old, name } of (await ask('GET', '/tokens')).items as Record<string, unknown>[]) {
    if (name === 'demo') await ask('DELETE', `/tokens/${old}`);
  }
}

async function ensure(ask: Ask, path: string, id: string, first: object, fields: object): Promise<void> {
  const found = await unless404(ask('GET', `${path}/${id}`));
  if (found === undefined) await ask('POST', path, first);
  if (Object.keys(fields).length > 0) await ask('PATCH', `${path}/${id}`, fields);
}

async function unless404<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (Fault.is(error, 'not.found')) return undefined;
    throw error;
  }
}

const portsFile = (data: string) => join(data, 'demo.json');

async function readPorts(data: string): Promise<Partial<Ports>> {
  try {
    return JSON.parse(await readFile(portsFile(data), 'utf8')) as Partial<Ports>;
  } catch {
    return {}; // a new world, or one whose ports nobody can tell any more: free ones do
  }
}

const writePorts = (data: string, ports: Ports) => writeFile(portsFile(data), `${JSON.stringify(ports)}\n`);
