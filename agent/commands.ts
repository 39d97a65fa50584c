/**
 * What the commands of the program do: `enrol` once, `run` until a signal.
 *
 *     run --supervised     as ./parent.ts, which runs this again as its child
 *     SIGTERM, SIGINT      no new flows, tell the controller, let go; exit 0
 *     a second one         exit at once
 *     SIGHUP               reads the log level again, and says what else was changed and wants a restart
 */

import { spawn } from 'node:child_process';
import cluster from 'node:cluster';
import { writeSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { type Logger, pino } from 'pino';
import { runDoctor } from '#agent/doctor/command.ts';
import { formatHostPort } from '#protocol/address.ts';
import { idleClock, systemClock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { sayLastWords } from '#protocol/last-words.ts';
import { createLogLines } from '#protocol/log-lines.ts';
import { createSdNotify, type SdNotify } from '#protocol/sd-notify.ts';
import { type Agent, runAgent } from './agent.ts';
import { findKept, readRefusal } from './bundles.ts';
import { type Channel, openChannel } from './channel.ts';
import { type AgentConfig, listenAddresses, loadConfig, needRestart } from './config.ts';
import { download } from './dial.ts';
import { enrol } from './enrol.ts';
import { type AgentIdentity, keepIdentity, readIdentity } from './identity.ts';
import { startParent } from './parent.ts';
import { maskProxy, proxyFor } from './proxy.ts';
import { createStateFile, waitUntilUp } from './state.ts';
import { createUpgrades } from './upgrade.ts';
import { version } from './version.ts';

export type Flags = ReadonlyMap<string, readonly string[]>;

/** What a command needs of the process: its environment, its ends and its signals. */
export type Surroundings = Pick<NodeJS.Process, 'argv' | 'env' | 'stdin' | 'stdout' | 'on' | 'off' | 'exit'>;

const defaultFolder = './hotdesk-agent-data';
const stopSignals = ['SIGTERM', 'SIGINT'] as const;

export async function enrolAgent(flags: Flags, { env, stdin, stdout }: Surroundings): Promise<number> {
  const controller = readUrl(needed(flags, 'controller'));
  const given = needed(flags, 'token');
  const folder = folderOf(flags, env);
  // Before the token is spent: a folder that cannot be made would lose what it bought.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // The line that an office pastes ends with the token, and does as well.
  const token = given === '-' ? ((await text(stdin)).trim().split(/\s+/).at(-1) ?? '') : given;
  const { allowPlain, proxy } = loadConfig({
    flags,
    env,
    file: await readIfThere(join(folder, 'agent.json')),
  });
  const identity = await enrol({ controller, token, allowPlain, proxy: proxyFor(controller, env, proxy) });
  await keepIdentity(folder, identity);
  stdout.write(`enrolled as agent ${identity.agent} of site ${identity.site}; key in ${folder}\n`);
  return 0;
}

export async function waitForAgent(flags: Flags, { env, stdout }: Surroundings): Promise<number> {
  const seconds = Number(flags.get('seconds')?.at(-1) ?? 60);
  if (!(seconds >= 0 && seconds <= 3_600)) {
    throw new Fault('input.invalid', '--seconds: 0 to 3600', { field: '--seconds' });
  }
  const folder = folderOf(flags, env);
  const { agent, site, controller } = await readIdentity(folder);
  await waitUntilUp(folder, { waitMs: seconds * 1_000 });
  stdout.write(`the tunnel is up: agent ${agent} of site ${site} at ${controller.host}\n`);
  return 0;
}

export async function examineAgent(flags: Flags, { env, stdin, stdout }: Surroundings): Promise<number> {
  const folder = folderOf(flags, env);
  const file = await readIfThere(join(folder, 'agent.json'));
  return await runDoctor({
    folder,
    loadConfig: () => loadConfig({ flags, env, file }),
    env,
    flags,
    readLine: async () => ((await text(stdin)).split('\n')[0] ?? '').trim(),
    now: systemClock.wall,
    out: (written) => stdout.write(written),
  });
}

export async function runUntilStopped(flags: Flags, surroundings: Surroundings): Promise<number> {
  const { env, stdout } = surroundings;
  const folder = folderOf(flags, env);
  const config = loadConfig({ flags, env, file: await readIfThere(join(folder, 'agent.json')) });
  const effective = describe(config, folder);
  if (flags.has('check-config') || flags.has('print-config')) {
    stdout.write(`${JSON.stringify(effective, null, 2)}\n`);
    return 0;
  }

  const identity = await readIdentity(folder);
  const proxy = proxyFor(identity.controller, env, config.proxy);
  const via = proxy && { proxy: maskProxy(proxy.href) };
  const log = createLog(config.logLevel).child({ agent: identity.agent });
  sayLastWords(surroundings, log);
  surroundings.on('SIGHUP', () => {}); // while it starts there is nothing to read again, and nothing to end
  log.info(
    { version, site: identity.site, controller: identity.controller.host, ...effective, ...via },
    'starting',
  );
  const notify = createSdNotify({
    env,
    clock: systemClock,
    run: (program, lines) => spawn(program, lines, { stdio: 'ignore' }).on('error', () => {}),
  });
  if (flags.has('supervised') && cluster.isPrimary) {
    return await runParent({ folder, config, identity, notify, log, surroundings });
  }
  const reload = async () => {
    const file = await readIfThere(join(folder, 'agent.json'));
    const now = loadConfig({ flags, env, file });
    log.level = now.logLevel;
    log.info({ logLevel: now.logLevel, needRestart: needRestart(config, now) }, 'reloaded');
  };
  surroundings.on('SIGHUP', () => {
    reload().catch((err: Error) => log.error({ reason: err.message }, 'not reloaded'));
  });
  const channel = openChannel();
  const state = createStateFile(folder, systemClock.wall, (err) => log.warn({ err }, 'state not kept'));
  state.keep({ tunnel: 'down', reason: 'it has just started' });
  const stopped = untilStopped(surroundings, log, channel);
  let reportUp = () => {};
  const up = new Promise<void>((resolve) => {
    reportUp = resolve;
  });
  let { pins, releaseKey } = identity;
  let keeping = Promise.resolve();
  const keep = () => {
    const now = { ...identity, pins, releaseKey };
    keeping = keeping
      .then(() => keepIdentity(folder, now))
      .catch((err: unknown) => log.error({ err }, 'identity not kept'));
  };
  const refused = await readRefusal(folder);
  const upgrades = (tell: () => void) => {
    const made = createUpgrades(
      {
        data: folder,
        version,
        releaseKey,
        refused,
        fetch: (path, bytes) =>
          download(
            { controller: identity.controller, pins, allowPlain: config.allowPlain, proxy },
            path,
            bytes,
          ),
        onKey(key) {
          releaseKey = key;
          keep();
        },
        onUpgrade: (offer, file) => channel?.tell({ type: 'upgrade', offer, file }),
        clock: systemClock,
        log,
      },
      tell,
    );
    channel?.onMessage((message) => message.type === 'refused' && made.refused(message.reason));
    return made;
  };
  const agent = await runAgent({
    config,
    identity,
    proxy,
    clock: systemClock,
    log,
    after: channel && mayDial(channel, stopped),
    onUp() {
      reportUp();
      state.keep({ tunnel: 'up' });
      channel?.tell({ type: 'up' });
      if (channel === undefined) notify.tell('STATUS=the tunnel is up');
    },
    onDown(fault) {
      if (fault === undefined) channel?.tell({ type: 'down' });
      const code = Fault.is(fault) ? fault.code : undefined;
      state.keep({ tunnel: 'down', ...(fault && { reason: fault.message }), ...(code && { code }) });
    },
    onPins(now) {
      pins = now;
      keep();
    },
    ...(channel && { upgrades }),
  });
  if (flags.has('json-ready')) void up.then(() => stdout.write(`${JSON.stringify(ready(agent))}\n`));
  log.info({ sip: agent.sip.map(formatHostPort), http: agent.http.map(formatHostPort) }, 'listening');

  if (channel === undefined) {
    notify.tell('READY=1');
    notify.keepWatch(() => true);
  } else channel.tell({ type: 'listening' });
  const heartbeat = setInterval(() => channel?.tell({ type: 'alive' }), 10_000);
  log.info({ signal: await stopped }, 'stopping');
  clearInterval(heartbeat);
  notify.close();
  await agent.close();
  await state.close();
  log.info({ counters: agent.counters }, 'stopped');
  return 0;
}

function ready({ sip: [sip], http: [http] }: Agent) {
  return { ready: true, sip: sip && formatHostPort(sip), http: http && formatHostPort(http) };
}

/** Once the parent says so; at the latest when it is over. */
function mayDial(channel: Channel, stopped: Promise<string>): Promise<void> {
  return new Promise((resolve) => {
    channel.onMessage(({ type }) => type === 'dial' && resolve());
    void stopped.then(() => resolve());
  });
}

type ParentNeeds = {
  folder: string;
  config: AgentConfig;
  identity: AgentIdentity;
  notify: SdNotify;
  log: Logger;
  surroundings: Surroundings;
};

async function runParent({
  folder,
  config,
  identity,
  notify,
  log,
  surroundings,
}: ParentNeeds): Promise<number> {
  const [, installed = '', ...argv] = surroundings.argv;
  const kept = await findKept(folder, version, identity.releaseKey).catch((err: unknown) => {
    log.error({ err }, 'the version that was kept is not as it was; the installed one runs');
    return undefined;
  });
  const parent = startParent({
    data: folder,
    program: kept?.file ?? installed,
    argv,
    patienceMs: config.upgradeSeconds * 1_000,
    clock: systemClock,
    notify,
    log,
  });
  surroundings.on('SIGHUP', () => parent.reload());
  void untilStopped(surroundings, log).then(() => parent.stop());
  const code = await parent.ended;
  notify.close();
  return code;
}

function untilStopped(surroundings: Surroundings, log: Logger, channel?: Channel): Promise<string> {
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
    channel?.onMessage(({ type }) => type === 'stop' && stop('the parent says so'));
    // Of a channel, when a program started us with one (the demo): we do not outlive it.
    surroundings.on('disconnect', () => take('starter gone'));
  });
}

function createLog(level: AgentConfig['logLevel']): Logger {
  const redact = ['token', 'privateKey', 'secret', '*.token', '*.privateKey', '*.secret'];
  const lines = createLogLines({ write: (bytes) => writeSync(2, bytes), clock: idleClock });
  return pino({ level, base: null, redact }, lines);
}

function describe(config: AgentConfig, folder: string) {
  const { rtpPorts } = config;
  return {
    data: folder,
    ...config,
    ...(config.proxy !== undefined && { proxy: maskProxy(config.proxy) }),
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
