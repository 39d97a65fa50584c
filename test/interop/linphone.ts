/**
 * linphonec as a phone: its own process, home and config file, driven by the lines
 * a person would type. Instead of a sound card it plays a WAV file, a sine of
 * `toneHz`, and records what it hears into another.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Place, within } from '#test/support/namespaces.ts';
import { freePort } from '#test/support/ports.ts';
import { until } from '#test/support/until.ts';
import type { Account, World } from './world.ts';

export type Linphone = {
  /** A line as typed. */
  command(line: string): void;
  /** Presses keys in a call, one after the other as fingers do. */
  press(digits: string): Promise<void>;
  registered(): Promise<void>;
  /** Waits until it prints this, after the first `from` characters of what it said. */
  saw(what: RegExp, from?: number): Promise<void>;
  /** What it heard in its calls: 16-bit samples at 8 kHz. */
  heard(): Promise<Int16Array>;
  readonly said: string;
  close(): Promise<void>;
};

/** What it prints. */
export const says = {
  registered: /registered, identity=/,
  incoming: /incoming call from/i,
  answered: /Call \d+ with .* connected/,
  paused: /Call \d+ with .* is now paused/,
  ended: /Call \d+ with .* ended/,
} as const;

const patienceMs = 30_000;
const betweenKeysMs = 250;
const rate = 8_000;
const toneSeconds = 60;

export async function openLinphone(
  world: Pick<World, 'host' | 'port'>,
  account: Account,
  toneHz: number,
  /** Where it runs; on this host beside the agent when absent. */
  place: Place = { address: world.host },
): Promise<Linphone> {
  const folder = await mkdtemp(join(tmpdir(), 'hotdesk-linphone-'));
  const [file, tone, heard] = ['linphonerc', 'tone.wav', 'heard.wav'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  // It ends at once where the folder of its database is missing.
  await mkdir(join(folder, '.local', 'share', 'linphone'), { recursive: true });
  await writeFile(file, config(world, account, place, [await freePort(), await freePort()]), { mode: 0o600 });
  await writeFile(tone, sine(toneHz));

  const env = { ...process.env, HOME: folder, XDG_DATA_HOME: undefined, XDG_CONFIG_HOME: undefined };
  const child = spawn(...within(place, 'linphonec', ['-c', file]), { env, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'exit');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (said += chunk));
  child.stdin.on('error', () => {}); // its end is seen by the process's exit
  const command = (line: string) => void child.stdin.write(`${line}\n`);

  async function saw(what: RegExp, from = 0): Promise<void> {
    try {
      await until(`linphone says ${what}`, () => what.test(said.slice(from)), patienceMs);
    } catch (cause) {
      throw new Error(`linphone never said ${what}; it said:\n${said.slice(-5_000)}`, { cause });
    }
  }

  for (const line of ['soundcard use files', `play ${tone}`, `record ${heard}`]) command(line);

  return {
    command,
    saw,
    async press(digits) {
      for (const digit of digits) {
        command(digit);
        await new Promise((next) => setTimeout(next, betweenKeysMs));
      }
    },
    async registered() {
      await until(
        'linphone is registered',
        async () => {
          const from = said.length;
          command('status register');
          const isAnswered = () => /registered|in progress|identity/i.test(said.slice(from));
          await until('an answer', isAnswered, 500).catch(() => {}); // asked again: it may still be starting
          return says.registered.test(said.slice(from));
        },
        patienceMs,
      ).catch((cause) => {
        throw new Error(`linphone did not register; it said:\n${said}`, { cause });
      });
    },
    async heard() {
      const bytes = await readFile(heard);
      const samples = bytes.subarray(44, bytes.length - (bytes.length % 2));
      return Int16Array.from({ length: samples.length >> 1 }, (_, index) => samples.readInt16LE(index * 2));
    },
    get said() {
      return said;
    },
    async close() {
      command('quit');
      const late = setTimeout(() => child.kill('SIGKILL'), 4_000);
      await ended;
      clearTimeout(late);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function config(
  world: Pick<World, 'host' | 'port'>,
  { user, authUser, secret, displayName, server }: Account,
  { address }: Place,
  [sip, rtp]: [number, number],
): string {
  const udp = server.transport === 'udp';
  const at = udp ? `${world.host}:${world.port}` : `${server.address}:${server.port}`;
  return `[sip]
sip_port=${udp ? sip : 0}
sip_tcp_port=${server.transport === 'tcp' ? sip : 0}
sip_tls_port=0
default_proxy=0
use_ipv6=0
use_info=0
use_rfc2833=1
publish_presence=0
contact="${displayName}" <sip:${user}@${address}>

[net]
mtu=1300

[rtp]
audio_rtp_port=${rtp}

[audio_codec_0]
mime=PCMA
rate=${rate}
channels=1
enabled=1

[proxy_0]
reg_proxy=<sip:${at};transport=${server.transport}>
reg_route=<sip:${at};transport=${server.transport};lr>
reg_identity="${displayName}" <sip:${user}@${at}>
reg_expires=600
reg_sendregister=1
publish=0

[auth_info_0]
username=${user}
userid=${authUser}
passwd=${secret}
`;
}

/** A WAV file: 16 bits, mono. */
function sine(hz: number): Buffer {
  const samples = Buffer.alloc(rate * toneSeconds * 2);
  for (let at = 0; at < samples.length / 2; at++) {
    samples.writeInt16LE(Math.round(8_000 * Math.sin((2 * Math.PI * hz * at) / rate)), at * 2);
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + samples.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(samples.length, 40);
  return Buffer.concat([header, samples]);
}
