/**
 * What the commands of the program do: `enrol` once, `run` until a signal.
 *
 *     SIGTERM, SIGINT      no new flows, tell the controller, let go; exit 0
 *     a second one         exit at once
 */

import { mkdir, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Logger, pino } from 'pino';
import { formatHostPort } from '#protocol/address.ts';
import { systemClock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { type Agent, runAgent } from './agent.ts';
import { type AgentConfig, listenAddresses, loadConfig } from './config.ts';
import { enrol } from './enrol.ts';
import { keepIdentity, readIdentity } from './identity.ts';
import { version } from './version.ts';

export type Flags = ReadonlyMap<string, readonly string[]>;

/** What a command needs of the process: its environment, its ends and its signals. */
export type Surroundings = Pick<NodeJS.Process, 'env' | 'stdin' | 'stdout' | 'on' | 'off' | 'exit'>;

const defaultFolder = './hotdesk-agent-data';
const stopSignals = ['SIGTERM', 'SIGINT'] as const;

export async function enrolAgent(flags: Flags, { env, stdin, stdout }: Surroundings): Promise<number> {
  const controller = readUrl(needed(flags, 'controller'));
  const given = needed(flags, 'token');
  const folder = folderOf(flags, env);
  // Before the token is spent: a folder that cannot be made would lose what it bought.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const token = given === '-' ? (await text(stdin)).trim() : given;
  const identity = await enrol({ controller, token, allowPlain: flags.has('allow-plain') });
  await keepIdentity(folder, identity);
  stdout.write(`enrolled as agent ${identity.agent} of site ${identity.site}; key in ${folder}\n`);
  return 0;
}

export async function runUntilStopped(flags: Flags, surroundings: Surroundings): Promise<number> {
  const { env, stdout } = surroundings;
  const folder = folderOf(flags, env);
  const config = loadConfig({ flags, env, file: await readIfThere(join(folder, 'agent.json')) });
  const effective = describe(config, folder);
  if (flags.has('check-config')) {
    stdout.write(`${JSON.stringify(effective, null, 2)}\n`);
    return 0;
  }

  const identity = await readIdentity(folder);
  const log = createLog(config.logLevel).child({ agent: identity.agent });
  log.info({ version, site: identity.site, controller: identity.controller.host, ...effective }, 'starting');
  const stopped = untilStopped(surroundings, log);
  let reportUp = () => {};
  const up = new Promise<void>((resolve) => {
    reportUp = resolve;
  });
  const keepPins = (pins: readonly string[]) => {
    keepIdentity(folder, { ...identity, pins }).catch((err: unknown) => log.error({ err }, 'pins not kept'));
  };
  const agent = await runAgent({
    config,
    identity,
    clock: systemClock,
    log,
    onUp: reportUp,
    onPins: keepPins,
  });
  if (flags.has('json-ready')) void up.then(() => stdout.write(`${JSON.stringify(ready(agent))}\n`));
  log.info({ sip: agent.sip.map(formatHostPort), http: agent.http.map(formatHostPort) }, 'listening');

  log.info({ signal: await stopped }, 'stopping');
  await agent.close();
  log.info({ counters: agent.counters }, 'stopped');
  return 0;
}

function ready({ sip: [sip], http: [http] }: Agent) {
  return { ready: true, sip: sip && formatHostPort(sip), http: http && formatHostPort(http) };
}

function untilStopped(surroundings: Surroundings, log: Logger): Promise<string> {
  let signals = 0;
  return new Promise((stop) => {
    const take = (signal: string) => {
      if (++signals > 1) {
        log.warn({ signal }, 'stopping at once');
        surroundings.exit(1);
      }
      stop(signal);
    };
    for (const signal of stopSignals) surroundings.on(signal, take);
    // Of a channel, when a program started us with one (the demo): we do not outlive it.
    surroundings.on('disconnect', () => take('starter gone'));
  });
}

function createLog(level: AgentConfig['logLevel']): Logger {
  const redact = ['token', 'privateKey', 'secret', '*.token', '*.privateKey', '*.secret'];
  return pino({ level, base: null, redact }, pino.destination({ dest: 2, sync: true }));
}

function describe(config: AgentConfig, folder: string) {
  const { rtpPorts } = config;
  return {
    data: folder,
    ...config,
    listen: listenAddresses(config, networkInterfaces()),
    rtpPorts: rtpPorts === undefined ? '0' : `${rtpPorts.first}-${rtpPorts.last}`,
  };
}

function folderOf(flags: Flags, env: NodeJS.ProcessEnv): string {
  return resolve(flags.get('data')?.at(-1) ?? env.HOTDESK_AGENT_DATA ?? defaultFolder);
}

function needed(flags: Flags, name: string): string {
  const value = flags.get(name)?.at(-1);
  if (value === undefined) throw new Fault('input.invalid', `--${name} is needed`, { field: `--${name}` });
  return value;
}

function readUrl(written: string): URL {
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url?.protocol === 'wss:' || url?.protocol === 'ws:') return url;
  throw new Fault('input.invalid', `--controller: "${written}" is not like wss://host:port`, {
    field: '--controller',
  });
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
