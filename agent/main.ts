/**
 * hotdesk-agent: the program.
 *
 *     hotdesk-agent enrol    spends a one-time token, once an office
 *     hotdesk-agent run      carries the office's phones to the controller
 *     hotdesk-agent wait     until the tunnel of the one that runs is up
 *     hotdesk-agent doctor   what may be wrong, and what to do about it
 *     hotdesk-agent phone    a phone without a housing
 *
 * Exit: 0 done, 1 it failed, 2 the command line or the configuration is wrong; those of
 * doctor are its own (./doctor/command.ts).
 * Nothing here needs root; with ports under 1024 the service manager may give
 * CAP_NET_BIND_SERVICE. This file alone touches the process.
 */

import { cac } from 'cac';
import { type FlagShape, readArgv, unknownWord } from '#protocol/argv.ts';
import { Fault, isOfTheSystem } from '#protocol/fault.ts';
import { outliveReaders } from '#protocol/last-words.ts';
import { enrolAgent, examineAgent, runUntilStopped, waitForAgent } from './commands.ts';
import { configSchema, toFlag } from './config.ts';
import { version } from './version.ts';

const cli = cac('hotdesk-agent');
cli.help();
cli.version(version);

cli
  .command('enrol', 'enrol this agent at a controller')
  .option('--controller <url>', 'wss://host:port of the controller')
  .option(
    '--token <token>',
    'the one-time token of the site; - reads it, or the line that ends with it, from stdin',
  )
  .option('--data <dir>', 'folder for key and configuration (default: ./hotdesk-agent-data)')
  .option('--proxy <url>', 'web proxy, or none; default: HTTPS_PROXY unless NO_PROXY exempts the controller')
  .option('--allow-plain', 'allow ws:// to a controller that is not on this host');

const doctor = cli
  .command('doctor', 'what may be wrong between phones and controller, and what to do about it')
  .option('--data <dir>', 'folder for key and configuration (default: ./hotdesk-agent-data)')
  .option('--json', 'for programs')
  .option('--report <file>', 'the same as a text to send to support; no secret is in it')
  .option('--login <ext>', 'log this extension in and out by a headless phone; its PIN on stdin')
  .option('--url <url>', 'for --login: the provisioning URL of a device that is there for it')
  .option('--mac <mac>', 'for --login: its MAC')
  .option('--model <model>', 'for --login: its model (default: T46S)')
  .option('--login-code <code>', 'for --login: where it is not *77*')
  .option('--logout-code <code>', 'for --login: where it is not *77*5*');

const run = cli
  .command('run', 'carry the phones of this office to the controller')
  .option('--data <dir>', 'folder for key and configuration (default: ./hotdesk-agent-data)')
  .option('--supervised', 'under a parent that keeps the sockets while one version follows another')
  .option('--json-ready', 'one line of JSON on stdout when the tunnel is up')
  .option('--check-config', 'say what is wrong with the configuration, or print it, and end')
  .option('--print-config', 'the same: the configuration as it would be used, a password in it masked');
for (const [name, field] of Object.entries(configSchema.shape)) {
  for (const command of [run, doctor]) {
    command.option(`--${toFlag(name)}${name === 'allowPlain' ? '' : ' <value>'}`, field.description ?? '');
  }
}

const wait = cli
  .command('wait', 'wait until the tunnel of the agent that runs is up, or say what is wrong')
  .option('--data <dir>', 'folder for key and configuration (default: ./hotdesk-agent-data)')
  .option('--seconds <n>', 'how long (default: 60)');

cli.command('phone', 'a phone without a housing: hotdesk-agent phone --help').allowUnknownOptions();

outliveReaders(process.stdout, process.stderr);
process.exitCode = await main(process.argv.slice(2));
// What a command leaves behind must not keep a stopped program alive.
process.exit();

async function main(argv: string[]): Promise<number> {
  try {
    return await dispatch(argv);
  } catch (error) {
    if (!Fault.is(error) && !isOfTheSystem(error)) throw error;
    process.stderr.write(`hotdesk-agent: ${error.message}\n`);
    return Fault.is(error, 'input.invalid') ? 2 : 1;
  }
}

async function dispatch(argv: string[]): Promise<number> {
  const [name = '', ...rest] = argv;
  if (name === 'phone') {
    const { runPhone } = await import('#agent/phone/command.ts');
    return runPhone(rest, { signal: stopSignal() });
  }
  if (asksHelp(argv)) {
    cli.parse(['node', 'hotdesk-agent', ...argv], { run: false });
    return 0;
  }
  const command = cli.commands.find((each) => each.name === name);
  if (command === undefined) {
    const names = cli.commands.map((each) => each.name);
    if (name !== '') throw unknownWord('command', name, names);
    throw new Fault('input.invalid', `which command? ${names.join(', ')}; --help tells more`);
  }
  const { flags, words } = readArgv(rest, command.options.map(toShape));
  if (words[0] !== undefined) throw new Fault('input.invalid', `"${words[0]}" is not expected`);
  if (command === doctor) return examineAgent(flags, process);
  if (command === wait) return waitForAgent(flags, process);
  return command === run ? runUntilStopped(flags, process) : enrolAgent(flags, process);
}

/** Of a phone: it hangs up first. */
function stopSignal(): AbortSignal {
  const stopping = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());
  return stopping.signal;
}

function asksHelp(argv: readonly string[]): boolean {
  const before = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : argv.length);
  return ['--help', '-h', '--version', '-v'].some((flag) => before.includes(flag));
}

function toShape({ rawName }: { rawName: string }): FlagShape {
  return { name: /^--([a-z-]+)/.exec(rawName)?.[1] ?? '', takesValue: rawName.includes('<') };
}
