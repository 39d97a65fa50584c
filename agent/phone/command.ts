/**
 * `hotdesk-agent phone`: the headless phone on stdin and stdout.
 *
 *     --url URL --mac MAC [--model T46S] [--listen ADDR] [--sip-port N] [--tones HZ,HZ]
 *     --gateway [--listen ADDR[:PORT]] [--tone HZ]
 *
 * Commands come in a line each (./commands.ts), events go out as a line of JSON
 * each (./events.ts), and nothing else is written. The end of stdin is `quit`.
 */

import { once } from 'node:events';
import { isIP } from 'node:net';
import { createInterface } from 'node:readline';
import { type HostPort, parseHostPort } from '#protocol/address.ts';
import { type FlagShape, readArgv } from '#protocol/argv.ts';
import { Fault } from '#protocol/fault.ts';
import { runCommand, verbs } from './commands.ts';
import type { PhoneEvent } from './events.ts';
import { modelNames } from './makes.ts';
import { openPhone, type Phone, type PhoneOptions } from './phone.ts';

export const phoneFlags: readonly FlagShape[] = [
  { name: 'help', takesValue: false },
  { name: 'gateway', takesValue: false },
  ...['url', 'mac', 'model', 'listen', 'sip-port', 'tones', 'tone'].map((name) => ({
    name,
    takesValue: true,
  })),
];

const usage = `hotdesk-agent phone --url URL --mac MAC   a phone that fetches its config there
hotdesk-agent phone --gateway             answers every call, without a config

  --model MODEL       which phone to be, and so of which make; default T46S
  --listen ADDR       this host's address for SIP and RTP, or ADDR:PORT; default 127.0.0.1
  --sip-port N        default: any that is free
  --tone HZ           what to say in calls; default 440 as a gateway, else silence
  --tones HZ,HZ       which tones to recognise

Models: ${modelNames().join(' ')}
Commands on stdin, one a line: ${Object.keys(verbs).join(' ')}
Events on stdout, one line of JSON each.
`;

export type RunPhoneOptions = {
  input?: NodeJS.ReadableStream;
  output?: NodeJS.WritableStream;
  /** Aborted: the same as `quit`. */
  signal?: AbortSignal;
};

const usualToneHz = 440;

/** `argv` without the word `phone`. Answers the exit code: 0 after `quit`, 1 when it cannot start, 2 for a wrong flag. */
export async function runPhone(
  argv: string[],
  { input = process.stdin, output = process.stdout, signal }: RunPhoneOptions = {},
): Promise<number> {
  if (argv.includes('--help')) {
    output.write(usage);
    return 0;
  }
  const tell = (event: PhoneEvent) => void output.write(`${JSON.stringify(event)}\n`);
  let phone: Phone;
  try {
    phone = await openPhone({ ...readOptions(argv), onEvent: tell });
  } catch (error) {
    tell({ event: 'error', message: error instanceof Error ? error.message : String(error) });
    return Fault.is(error, 'input.invalid') ? 2 : 1;
  }

  const lines = createInterface({ input });
  const ended = once(lines, 'close');
  const stop = () => lines.close();
  lines.on('line', (line) => {
    if (obey(phone, line, tell) === 'quit') stop();
  });
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  await ended;
  signal?.removeEventListener('abort', stop);
  await phone.close();
  return 0;
}

function obey(phone: Phone, line: string, tell: (event: PhoneEvent) => void): 'done' | 'quit' {
  try {
    return runCommand(phone, line);
  } catch (error) {
    if (!Fault.is(error)) throw error;
    tell({ event: 'error', message: error.message });
    return 'done';
  }
}

/** Throws `input.invalid` that names the flag. */
export function readOptions(argv: readonly string[]): Omit<PhoneOptions, 'onEvent'> {
  const { flags, words } = readArgv(argv, phoneFlags);
  const read = (name: string) => flags.get(name)?.at(-1);
  if (words[0] !== undefined) throw wrong('phone', `unknown word "${words[0]}"`);

  const [url, mac, model] = [read('url'), read('mac'), read('model')];
  const isGateway = flags.has('gateway');
  if (isGateway && (url ?? mac ?? model) !== undefined) {
    throw wrong('--gateway', '--gateway has no config: leave out --url, --mac and --model');
  }
  if (!isGateway && (url === undefined || mac === undefined)) {
    throw wrong('--url', '--url and --mac are needed, or --gateway');
  }
  const tone = read('tone') ?? (isGateway ? String(usualToneHz) : undefined);
  const tones = read('tones');
  return {
    ...(url === undefined || mac === undefined
      ? {}
      : { provisioning: { url, mac, ...(model === undefined ? {} : { model }) } }),
    listen: readListen(read('listen'), read('sip-port')),
    ...(tone === undefined ? {} : { toneHz: readNumber('--tone', tone, 4_000) }),
    ...(tones === undefined ? {} : { tones: tones.split(',').map((hz) => readNumber('--tones', hz, 4_000)) }),
  };
}

function readListen(listen = '127.0.0.1', port?: string): HostPort {
  const address = isIP(listen) === 0 ? parseHostPort(listen, '--listen') : { address: listen, port: 0 };
  return port === undefined ? address : { ...address, port: readNumber('--sip-port', port, 65_535) };
}

function readNumber(flag: string, text: string, most: number): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > most) {
    throw wrong(flag, `${flag}: "${text}" is not a number up to ${most}`);
  }
  return Number(text);
}

const wrong = (field: string, message: string) => new Fault('input.invalid', message, { field });
