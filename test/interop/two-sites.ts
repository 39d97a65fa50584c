/**
 * Two offices and a data centre, as an operator sets them up, each host in a
 * network namespace of its own:
 *
 *     phone ─┐                                                            ┌─ phone
 *            ├ north: agent ──── wan ──── controller ──── wan ──── agent :south
 *     phone ─┘ 192.168.77.0/24   10.77.1.0/30     10.77.2.0/30   192.168.78.0/24
 *
 * No host forwards: what gets from one office to the other went through the
 * tunnels. Programs are the built ones, and everything is done by the commands
 * that an operator has.
 */

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Namespaces, openNamespaces, type Place, within } from '#test/support/namespaces.ts';
import { patience } from '#test/support/patience.ts';
import { until } from '#test/support/until.ts';
import { type Account, toAccount } from './world.ts';

export type SiteName = 'north' | 'south';

/** A desk: a host on the site's LAN with the MAC of its device. */
export type Desk = Place & {
  namespace: string;
  site: SiteName;
  device: string;
  mac: string;
  /** The agent's SIP address, as the phone is told. */
  host: string;
  port: number;
  /** Reads the config from the provisioning URL as a Yealink would, from this host. */
  account(): Promise<Account>;
};

export type CallItem = {
  id: string;
  from: string;
  to: string;
  sites: string[];
  media: string;
  endedAt?: string;
  streams: {
    from: string;
    to: string;
    kind: string;
    packets: number;
    lost: number;
    jitterMs: number;
    rtcp: number;
    silences: number;
    heard?: { lost: number; jitterMs: number };
  }[];
};

export type TwoSites = {
  readonly namespaces: Namespaces;
  readonly controllerHost: string;
  /** `hotdesk ARGS --json`; what it printed. */
  hotdesk(args: string[], stdin?: string): Promise<Record<string, unknown>>;
  calls(): Promise<CallItem[]>;
  addUser(user: { extension: string; name: string; pin: string }): Promise<void>;
  addDesk(site: SiteName): Promise<Desk>;
  agentHost(site: SiteName): string;
  /** What both ways between a site and the controller do to packets, as `delay 40ms loss 1%`. */
  spoilWan(site: SiteName, how: string): void;
  /** Bytes of the tunnels wait so long each way; needs `hasLine`. */
  delayLine(ms: number): void;
  restartController(): Promise<void>;
  /** What the programs said. */
  log(): string;
  close(): Promise<void>;
};

const program = (name: string) => fileURLToPath(new URL(`../../dist/${name}.mjs`, import.meta.url));
const nets = { north: { wan: '10.77.1', lan: '192.168.77' }, south: { wan: '10.77.2', lan: '192.168.78' } };
const siteNames = ['north', 'south'] as const;
const tunnelPort = '8443';
const linePort = '9443';

/** A way for TCP that keeps bytes for as long as it is told, and in order; told again, what is new takes that long. */
const line = `
  const net = require('node:net');
  let ms = 0;
  require('node:readline').createInterface(process.stdin).on('line', (text) => { ms = Number(text); });
  net.createServer({ noDelay: true }, (near) => {
    const far = net.connect({ port: ${tunnelPort}, host: '127.0.0.1', noDelay: true });
    for (const [one, other] of [[near, far], [far, near]]) {
      const kept = [];
      const pass = () => {
        while (kept.length > 0 && kept[0].due <= performance.now()) other.write(kept.shift().bytes);
        if (kept.length > 0) setTimeout(pass, kept[0].due - performance.now());
      };
      one.on('data', (bytes) => {
        if (kept.push({ bytes, due: performance.now() + ms }) === 1) pass();
      });
      one.on('error', () => {}).on('close', () => other.destroy());
    }
  }).listen(${linePort}, '0.0.0.0', () => console.log('up'));
`;

type Running = {
  readonly ended: Promise<unknown>;
  tell(text: string): void;
  stop(signal?: NodeJS.Signals): Promise<void>;
};

export async function openTwoSites({ hasLine = false } = {}): Promise<TwoSites> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-sites-'));
  const namespaces = openNamespaces();
  const running: Running[] = [];
  let said = '';
  let desks = 0;

  /** Starts a program and waits for its ready line. */
  async function start(namespace: string, file: string, args: string[]): Promise<Running> {
    const [command, all] = within({ namespace, address: '' }, process.execPath, [file, ...args]);
    const child = spawn(command, all, { stdio: ['pipe', 'pipe', 'pipe'] });
    child.stderr.on('data', (chunk) => {
      said = (said + chunk).slice(-200_000);
    });
    const ended = once(child, 'exit');
    const one: Running = {
      ended,
      tell: (text) => void child.stdin.write(`${text}\n`),
      async stop(signal = 'SIGTERM') {
        child.kill(signal);
        const late = setTimeout(() => child.kill('SIGKILL'), 5_000);
        await ended;
        clearTimeout(late);
      },
    };
    running.push(one);
    const ready = once(createInterface(child.stdout), 'line');
    await Promise.race([
      ready,
      ended.then(([code]) => {
        throw new Error(`${args[0]} ended with ${code}:\n${said}`);
      }),
    ]);
    return one;
  }

  const hotdesk: TwoSites['hotdesk'] = async (args, stdin) => {
    const out = await run(process.execPath, [program('hotdesk'), ...args, '--json', '--data', data], stdin);
    return out.trim() === '' ? {} : (JSON.parse(out) as Record<string, unknown>);
  };
  const data = join(folder, 'controller');
  const controllerHost = namespaces.host('c');
  const hosts = { north: namespaces.host('n'), south: namespaces.host('s') };

  const serve = () =>
    start(controllerHost, program('hotdesk'), [
      'serve',
      ...['--data', data, '--tunnel-port', tunnelPort, '--json-ready'],
    ]);

  async function openSite(site: SiteName): Promise<void> {
    const { wan, lan } = nets[site];
    const namespace = hosts[site];
    namespaces.wire(
      { namespace, device: 'wan', address: `${wan}.2/30` },
      { namespace: controllerHost, device: site, address: `${wan}.1/30` },
    );
    namespaces.ip(namespace, 'link', 'add', 'lan', 'type', 'bridge');
    namespaces.ip(namespace, 'address', 'add', `${lan}.1/24`, 'dev', 'lan');
    namespaces.ip(namespace, 'link', 'set', 'lan', 'up');

    await hotdesk(['site', 'create', site]);
    const { token } = await hotdesk(['enrol-token', 'create', '--site', site]);
    const agentData = join(folder, site);
    const url = `wss://${wan}.1:${hasLine ? linePort : tunnelPort}`;
    const agent = program('hotdesk-agent');
    const enrol = ['enrol', '--controller', url, '--token', String(token), '--data', agentData];
    await run(...within({ namespace, address: '' }, process.execPath, [agent, ...enrol]));
    await start(namespace, agent, ['run', '--data', agentData, '--listen', `${lan}.1`, '--json-ready']);
  }

  async function close(): Promise<void> {
    for (const one of running.splice(0).reverse()) await one.stop();
    namespaces.close();
    await rm(folder, { recursive: true, force: true });
  }

  try {
    let controller = await serve();
    const delayer = hasLine ? await start(controllerHost, '-e', [line]) : undefined;
    for (const site of siteNames) await openSite(site);

    return {
      namespaces,
      controllerHost,
      hotdesk,
      calls: async () => (await hotdesk(['call', 'list'])).items as CallItem[],
      addUser: async ({ extension, name, pin }) =>
        void (await hotdesk(['user', 'create', extension, name, '--pin-stdin'], `${pin}\n`)),
      async addDesk(site) {
        const number = ++desks;
        const namespace = namespaces.host(`p${number}`);
        const { lan } = nets[site];
        const address = `${lan}.${10 + number}`;
        const mac = `00156500000${number.toString(16)}`;
        namespaces.wire(
          { namespace, device: 'eth0', address: `${address}/24`, mac: mac.replace(/..(?!$)/g, '$&:') },
          { namespace: hosts[site], device: `desk${number}`, bridge: 'lan' },
        );
        // It leads nowhere; without one linphone takes itself for offline after 5 s, and is registered no more.
        namespaces.ip(namespace, 'route', 'add', 'default', 'via', `${lan}.1`);
        const { id: device } = await hotdesk(['device', 'create', mac, 'T46S', '--site', site]);
        const place = { namespace, address };
        return {
          ...place,
          site,
          device: String(device),
          mac,
          host: `${lan}.1`,
          port: 5060,
          async account() {
            const url = await until(`a provisioning URL of ${device}`, async () => {
              const { provisioningUrl } = await hotdesk(['device', 'show', String(device)]);
              return typeof provisioningUrl === 'string' ? provisioningUrl : undefined;
            });
            return toAccount(
              await fetchWithin(place, `${url}${mac}.cfg`, `Yealink SIP-T46S 66.86.0.15 ${mac}`),
            );
          },
        };
      },
      agentHost: (site) => hosts[site],
      spoilWan(site, how) {
        namespaces.spoil(hosts[site], 'wan', how);
        namespaces.spoil(controllerHost, site, how);
      },
      delayLine: (ms) => delayer?.tell(String(ms)),
      async restartController() {
        await controller.stop('SIGKILL');
        running.splice(running.indexOf(controller), 1);
        controller = await serve();
        await until(
          'both agents are back',
          async () => {
            const { items } = await hotdesk(['agent', 'list']);
            return (items as { isUp: boolean }[]).filter(({ isUp }) => isUp).length === 2;
          },
          20_000,
        );
      },
      log: () => said,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Standard output of a program that has to succeed. */
async function run(file: string, args: string[], stdin = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(file, args, { timeout: 20_000 * patience }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${args.slice(1, 4).join(' ')}: ${stderr || error.message}`));
      else resolve(stdout);
    });
    child.stdin?.on('error', () => {}).end(stdin);
  });
}

function fetchWithin(place: Place, url: string, userAgent: string): Promise<string> {
  const script = `fetch(process.argv[1], { headers: { 'user-agent': process.argv[2] } }).then(async (answer) => {
    if (answer.status !== 200) throw new Error('status ' + answer.status);
    process.stdout.write(await answer.text());
  });`;
  return run(...within(place, process.execPath, ['-e', script, url, userAgent]));
}

// --- what the wire saw ---------------------------------------------------------------

export type Capture = { stop(): Promise<Seen[]> };

/** One RTP packet on its way: enough to know it again elsewhere. */
export type Seen = { at: number; from: string; to: string; key: string };

/** Every UDP packet that passes a desk's wire, by tcpdump. */
export async function capture({ namespace }: Desk): Promise<Capture> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-pcap-'));
  const file = join(folder, 'wire.pcap');
  const args = [
    '-i',
    'eth0',
    '-U',
    '--immediate-mode', // else what came in the last second is lost at the end
    '-Z',
    'root',
    '-s',
    '100',
    '-w',
    file,
    'udp',
    'and',
    'not',
    'port',
    '5060',
  ];
  const child = spawn(...within({ namespace, address: '' }, 'tcpdump', args), {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  await once(child.stderr, 'data'); // "listening on"
  return {
    async stop() {
      child.kill('SIGINT');
      await ended;
      const seen = readRtp(await readFile(file));
      await rm(folder, { recursive: true, force: true });
      return seen;
    },
  };
}

/** libpcap's own format, microseconds, Ethernet, IPv4, UDP. */
function readRtp(bytes: Buffer): Seen[] {
  const seen: Seen[] = [];
  for (let at = 24; at + 16 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 8);
    const packet = bytes.subarray(at + 16, at + 16 + length);
    const rtp = packet.subarray(14 + 20 + 8);
    const second = rtp[1] ?? 0;
    if (rtp.length >= 12 && (rtp[0] ?? 0) >> 6 === 2 && (second < 192 || second > 223)) {
      seen.push({
        at: bytes.readUInt32LE(at) * 1_000 + bytes.readUInt32LE(at + 4) / 1_000,
        from: packet.subarray(26, 30).join('.'),
        to: packet.subarray(30, 34).join('.'),
        key: rtp.toString('hex', 2, 12),
      });
    }
    at += 16 + length;
  }
  return seen;
}

export type Way = { sent: number; lost: number; medianMs: number; p95Ms: number; maxMs: number };

/** From one desk to the other: what left the one and when it came to the other. Both clocks are this machine's. */
export function compare(left: Seen[], came: Seen[], from: Place): Way {
  const sent = left.filter((packet) => packet.from === from.address);
  const arrived = new Map(came.map(({ key, at }) => [key, at]));
  // The two captures do not begin together, and what left in the last moments may still be on its way.
  const times = came.map(({ at }) => at);
  const [first, last] = [Math.min(...times), Math.max(...times) - 500];
  const due = sent.filter(({ at }) => at > first && at < last);
  const delays = due.flatMap(({ key, at }) => {
    const then = arrived.get(key);
    return then === undefined ? [] : [then - at];
  });
  delays.sort((a, b) => a - b);
  const share = (part: number) => Math.round((delays[Math.floor(delays.length * part)] ?? 0) * 10) / 10;
  return {
    sent: due.length,
    lost: due.length - delays.length,
    medianMs: share(0.5),
    p95Ms: share(0.95),
    maxMs: share(0.999),
  };
}
