/**
 * The two programs as they are built and as an operator runs them, each in a
 * process of its own, so that they can be killed; phones are in this one.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '#controller/cli/client.ts';
import { freePort } from '#test/support/ports.ts';
import { until } from '#test/support/until.ts';
import { type Desk, macOf, openDesk, populate, type WorldOptions } from './world.ts';

const fileOf = (name: string) => fileURLToPath(new URL(`../../dist/${name}.mjs`, import.meta.url));
export const hotdesk = fileOf('hotdesk');
export const hotdeskAgent = fileOf('hotdesk-agent');

export type Program = {
  readonly child: ChildProcess;
  /** Lines of standard output, and all of standard error. */
  readonly out: string[];
  readonly err: () => string;
  /** Of `--json-ready`; throws what it said when it ended instead. */
  ready(): Promise<Record<string, unknown>>;
  /** Answers its exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>;
  kill(signal?: NodeJS.Signals): Promise<number | null>;
};

/** `input`: all of its standard input; `open` leaves it open. */
export function start(file: string, args: readonly string[], input: string | 'open' = ''): Program {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const out: string[] = [];
  let err = '';
  child.stdin.on('error', () => {});
  if (input !== 'open') child.stdin.end(input);
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    err += part;
  });
  createInterface({ input: child.stdout }).on('line', (line) => out.push(line));
  const exited = once(child, 'close').then(([code]) => code as number | null);
  let isOver = false;
  void exited.then(() => {
    isOver = true;
  });
  return {
    child,
    out,
    err: () => err,
    exited,
    async ready() {
      const line = await until(
        'the program is ready',
        () => {
          if (isOver) throw new Error(`it ended: ${err}`);
          return out.find((each) => each.includes('"ready":true'));
        },
        20_000,
      );
      return JSON.parse(line) as Record<string, unknown>;
    },
    async kill(signal = 'SIGKILL') {
      child.kill(signal);
      return await exited;
    },
  };
}

export type Programs = {
  readonly folder: string;
  /** Where the controller's data is, and the agent's. */
  readonly data: string;
  readonly agentData: string;
  readonly controller: Program;
  readonly agent: Program;
  readonly gateway: Desk;
  readonly ask: Client['ask'];
  readonly tunnel: string;
  readonly api: string;
  /** All that both programs have logged, killed ones too. */
  log(): string;
  /** `file`: another build; `more`: flags. */
  startController(more?: readonly string[], file?: string): Promise<void>;
  startAgent(more?: readonly string[]): Promise<void>;
  agentIsUp(): Promise<void>;
  desk(id: string): Promise<Desk>;
  defer(close: () => unknown): void;
};

/** Runs `story`, and ends everything afterwards, whatever happened. */
export async function withPrograms(
  story: (programs: Programs) => Promise<void>,
  options: WorldOptions = {},
): Promise<void> {
  const closers: (() => unknown)[] = [];
  try {
    await story(await openPrograms(options, (close) => closers.push(close)));
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function openPrograms(options: WorldOptions, defer: Programs['defer']): Promise<Programs> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-programs-'));
  defer(() => rm(folder, { recursive: true, force: true }));
  const data = join(folder, 'controller');
  const agentData = join(folder, 'agent');
  const started: Program[] = [];
  const run = async (file: string, args: readonly string[]) => {
    const program = start(file, [...args, '--json-ready']);
    started.push(program);
    defer(() => program.kill());
    return { program, ready: await program.ready() };
  };
  // biome-ignore format: command lines
  const serve = (tunnelPort: string, apiPort: string, more: readonly string[] = [], file = hotdesk) => run(file, [
    'serve', '--data', data, '--listen', '127.0.0.1', '--tunnel-port', tunnelPort, '--api-port', apiPort, '--log-level', 'trace', ...more,
  ]);
  // biome-ignore format: command lines
  const carry = (sipPort: string, httpPort: string, more: readonly string[] = []) => run(hotdeskAgent, [
    'run', '--data', agentData, '--listen', '127.0.0.1', '--sip-port', sipPort, '--http-port', httpPort, '--rtp-ports', '0', '--log-level', 'trace', ...more,
  ]);
  // Those that the system would give out may be somebody else's by the time a program is started again.
  const ports = (await Promise.all([freePort(), freePort(), freePort(), freePort()])).map(String);
  const [tunnelPort = '', apiPort = '', sipPort = '', httpPort = ''] = ports;
  const first = await serve(tunnelPort, apiPort);
  const [tunnel, api] = [String(first.ready.tunnel), String(first.ready.api)];
  const client = createClient({ type: 'socket', data });
  defer(() => client.close());
  const ask: Client['ask'] = (...asked) => client.ask(...asked);
  const gateway = await openDesk({});
  defer(() => gateway.phone.close());
  await populate(ask, options, gateway.phone.sip);
  const { token } = (await ask('POST', '/enrol-tokens', { site: 'berlin' })) as { token: string };
  const enrol = start(
    hotdeskAgent,
    ['enrol', '--controller', tunnel, '--token', '-', '--data', agentData],
    token,
  );
  started.push(enrol);
  if ((await enrol.exited) !== 0) throw new Error(`not enrolled: ${enrol.err()}`);
  const firstAgent = await carry(sipPort, httpPort);

  const programs: { -readonly [Name in keyof Programs]: Programs[Name] } = {
    folder,
    data,
    agentData,
    controller: first.program,
    agent: firstAgent.program,
    gateway,
    ask,
    tunnel,
    api,
    log: () => started.map(({ out, err }) => out.join('\n') + err()).join('\n'),
    async startController(more, file) {
      const { program } = await serve(tunnelPort, apiPort, more, file);
      programs.controller = program;
    },
    async startAgent(more) {
      const { program } = await carry(sipPort, httpPort, more);
      programs.agent = program;
    },
    async agentIsUp() {
      await until(
        'the agent is up',
        async () => {
          const { items } = (await ask('GET', '/agents')) as { items: { isUp: boolean; sip?: string }[] };
          return items.some(({ isUp, sip }) => isUp && sip !== undefined);
        },
        20_000,
      );
    },
    async desk(id: string) {
      const url = await until(`a provisioning URL of ${id}`, async () => {
        const device = (await ask('GET', `/devices/${id}`)) as { provisioningUrl?: string };
        return device.provisioningUrl;
      });
      const desk = await openDesk({ provisioning: { url, mac: macOf(id) } });
      defer(() => desk.phone.close());
      await desk.saw('registered');
      return desk;
    },
    defer,
  };
  return programs;
}
