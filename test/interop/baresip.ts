/**
 * baresip as a phone: its own process and config folder, driven over its ctrl_tcp
 * module (JSON in netstrings). It sends a sine of `toneHz` and writes what it hears
 * to WAV files, by its sndfile module.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { type Place, within } from '#test/support/namespaces.ts';
import { freePort } from '#test/support/ports.ts';
import { until } from '#test/support/until.ts';
import type { Account, World } from './world.ts';

type BaresipEvent = { type: string; param?: string; peeruri?: string };

export type Baresip = {
  /** What happened so far: CALL_INCOMING, CALL_ESTABLISHED, CALL_CLOSED … */
  readonly events: readonly BaresipEvent[];
  command(name: string, params?: string): Promise<void>;
  /** Presses keys in a call, one after the other as fingers do: a key pressed while another sounds is lost in baresip. */
  press(digits: string): Promise<void>;
  /** It registers as soon as it runs, mostly before its control port is open: read from what it prints. */
  registered(): Promise<unknown>;
  /** Waits until an event of this type came after the first `from` events. */
  saw(type: string, from?: number): Promise<BaresipEvent>;
  /** What it heard in its calls: 16-bit samples at 8 kHz, of the last file written. */
  heard(): Promise<Int16Array>;
  readonly said: string;
  close(): Promise<void>;
};

const modules = '/usr/lib/baresip/modules';
const patienceMs = 30_000;
const betweenKeysMs = 250;

export type BaresipOptions = {
  /** Its SIP port; a free one when absent. */
  port?: number | undefined;
  /** Where it runs; on this host beside the agent when absent. */
  place?: Place;
  /** SRTP with keys in SDP, and no call without. */
  isSecure?: boolean;
};

export async function openBaresip(
  world: Pick<World, 'host' | 'port'>,
  account: Account,
  toneHz: number,
  { port, place = { address: world.host }, isSecure = false }: BaresipOptions = {},
): Promise<Baresip> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-baresip-'));
  const sounds = join(folder, 'sounds');
  const control = await freePort();
  const sip = port ?? (await freePort());
  await mkdir(sounds);
  const { server } = account;
  const cafile = server.trusted === undefined ? undefined : join(folder, 'site-ca.crt');
  if (cafile !== undefined) await writeFile(cafile, server.trusted ?? '');
  const { address: host } = place;
  await writeFile(join(folder, 'config'), config({ sip, control, sounds, toneHz, host, cafile }));
  await writeFile(join(folder, 'contacts'), '');
  const secure = isSecure ? ';mediaenc=srtp-mand' : '';
  const params = `auth_user=${account.authUser};auth_pass=${account.secret};regint=600;audio_codecs=pcma/8000;ptime=20${secure}`;
  // The UDP address is where the world says: a test may have put a forwarder before the agent.
  const address =
    server.transport === 'udp'
      ? `<sip:${account.user}@${uriHost(world.host)}:${world.port}>`
      : `<sip:${account.user}@${server.address}:${server.port};transport=${server.transport}>`;
  await writeFile(join(folder, 'accounts'), `"${account.displayName}" ${address};${params}\n`, {
    mode: 0o600,
  });

  const child = spawn(...within(place, 'baresip', ['-f', folder]), { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said = (said + chunk).slice(-20_000);
    });
  }
  const socket = await until(
    'baresip opens its control port',
    () => {
      if (child.exitCode !== null) throw new Error(`baresip ended with ${child.exitCode}:\n${said}`);
      return dial(control, place);
    },
    patienceMs,
  );
  const events: BaresipEvent[] = [];
  readNetstrings(socket, (text) => {
    const message = JSON.parse(text) as BaresipEvent & { event?: boolean };
    if (message.event === true) events.push(message);
  });

  async function command(name: string, params = ''): Promise<void> {
    const text = JSON.stringify({ command: name, params });
    socket.write(`${Buffer.byteLength(text)}:${text},`);
  }

  async function waitFor<T>(what: string, probe: () => T): Promise<NonNullable<T>> {
    try {
      return await until(what, probe, patienceMs);
    } catch (cause) {
      throw new Error(`${what}; baresip said:\n${said}`, { cause });
    }
  }

  return {
    events,
    command,
    async press(digits) {
      for (const digit of digits) {
        await command('sndcode', digit);
        await new Promise((next) => setTimeout(next, betweenKeysMs));
      }
    },
    registered: () => waitFor('baresip registers', () => / 200 OK \(.*\) \[1 binding/.test(said)),
    saw: (type, from = 0) =>
      waitFor(`baresip says ${type}`, () => events.slice(from).find((event) => event.type === type)),
    async heard() {
      const files = (await readdir(sounds)).filter((name) => name.endsWith('-dec.wav')).sort();
      const bytes = await readFile(join(sounds, files.at(-1) ?? 'none'));
      const samples = bytes.subarray(44, bytes.length - (bytes.length % 2));
      return Int16Array.from({ length: samples.length >> 1 }, (_, index) => samples.readInt16LE(index * 2));
    },
    get said() {
      return said;
    },
    async close() {
      socket.destroy();
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await ended;
      clearTimeout(late);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function config(options: {
  sip: number;
  control: number;
  sounds: string;
  toneHz: number;
  host: string;
  cafile: string | undefined;
}): string {
  return [
    'poll_method epoll',
    `sip_listen ${uriHost(options.host)}:${options.sip}`,
    ...(options.cafile === undefined ? [] : [`sip_cafile ${options.cafile}`]),
    'audio_player aubridge,nil',
    `audio_source ausine,${options.toneHz}`,
    'audio_alert aubridge,nil',
    // ausine makes 48 kHz stereo and nothing else.
    'ausrc_srate 48000',
    'auplay_srate 8000',
    'ausrc_channels 2',
    'auplay_channels 1',
    `module_path ${modules}`,
    'module_tmp account.so',
    'module_app menu.so',
    'module_app ctrl_tcp.so',
    'module g711.so',
    'module srtp.so',
    'module ausine.so',
    'module aubridge.so',
    'module sndfile.so',
    `ctrl_tcp_listen 127.0.0.1:${options.control}`,
    `snd_path ${options.sounds}`,
    '',
  ].join('\n');
}

const uriHost = (address: string) => (address.includes(':') ? `[${address}]` : address);

async function dial(port: number, place: Place): Promise<Duplex | undefined> {
  if (place.namespace !== undefined) return dialWithin(port, place);
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(socket));
    socket.once('error', () => resolve(undefined));
  });
}

/** By a program there that dials until it has a connection, and then carries it. */
async function dialWithin(port: number, place: Place): Promise<Duplex> {
  const carry = `const dial = () => {
    const socket = require('node:net').connect(${port}, '127.0.0.1');
    const again = () => setTimeout(dial, 20);
    socket.once('error', again);
    socket.once('connect', () => {
      socket.off('error', again).on('error', () => {}).on('close', () => process.exit());
      process.stderr.write('connected');
      process.stdin.pipe(socket).pipe(process.stdout);
    });
  }; dial();`;
  const child = spawn(...within(place, process.execPath, ['-e', carry]), {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  await once(child.stderr, 'data');
  child.stdin.on('error', () => {}); // its end is seen by the process's exit
  const carrier = Duplex.from({ readable: child.stdout, writable: child.stdin });
  carrier.once('close', () => child.kill());
  return carrier;
}

/** `12:hello world!,` one after another, cut anywhere. */
function readNetstrings(socket: Duplex, take: (text: string) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('error', () => {}); // its end is seen by the process's exit
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const colon = rest.indexOf(0x3a);
      const length = Number(rest.subarray(0, Math.max(colon, 0)).toString());
      if (colon < 1 || rest.length < colon + length + 2) return;
      take(rest.subarray(colon + 1, colon + 1 + length).toString());
      rest = rest.subarray(colon + length + 2);
    }
  });
}

/** How much of the sound is a sine of `hz`, 0 to 1 (Goertzel over the middle of it). */
export function shareOfTone(samples: Int16Array, hz: number): number {
  const middle = samples.subarray(Math.floor(samples.length / 3), Math.floor((samples.length * 2) / 3));
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / 8_000);
  let [before, last, energy] = [0, 0, 0];
  for (const sample of middle) {
    [before, last] = [last, sample + coefficient * last - before];
    energy += sample * sample;
  }
  const power = last * last + before * before - coefficient * last * before;
  return energy === 0 ? 0 : (2 * power) / (energy * middle.length);
}
