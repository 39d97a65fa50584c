/**
 * `hotdesk-agent doctor [--json] [--report FILE] [--login EXT --url URL --mac MAC]`.
 * Exit: 0 all is well, 1 something may be better, 2 something is broken.
 *
 * The report is what is on the screen, and of which host and version: no key, no
 * token, no password, no PIN, no provisioning URL.
 */

import { writeFile } from 'node:fs/promises';
import { platform, release } from 'node:os';
import { version } from '#agent/version.ts';
import { toReport } from '#protocol/check.ts';
import { Fault } from '#protocol/fault.ts';
import { type DoctorOptions, examine } from './doctor.ts';

type Flags = ReadonlyMap<string, readonly string[]>;

export type RunDoctorOptions = Omit<DoctorOptions, 'login'> & {
  flags: Flags;
  /** The first line of standard input: the PIN. */
  readLine(): Promise<string>;
  out(text: string): void;
};

export async function runDoctor({ flags, readLine, out, ...options }: RunDoctorOptions): Promise<0 | 1 | 2> {
  const login = await readLogin(flags, readLine);
  const checks = await examine({ ...options, login });
  const secrets = login === undefined ? [] : [login.device.url, login.pin];
  const without = (text: string) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  const shown = checks.map((check) => ({ ...check, says: without(check.says) }));
  const { exitCode, screen, json, file } = toReport('hotdesk-agent', shown, {
    version,
    node: process.versions.node,
    system: `${platform()} ${release()}`,
    at: new Date(options.now()).toISOString(),
  });
  const report = flags.get('report')?.at(-1);
  if (report !== undefined) await writeFile(report, file, { mode: 0o600 });
  out(flags.has('json') ? json : screen);
  return exitCode;
}

async function readLogin(flags: Flags, readLine: () => Promise<string>): Promise<DoctorOptions['login']> {
  const read = (name: string) => flags.get(name)?.at(-1);
  const [extension, url, mac, model] = ['login', 'url', 'mac', 'model'].map(read);
  if (extension === undefined) return undefined;
  if (url === undefined || mac === undefined) {
    throw new Fault(
      'input.invalid',
      '--login wants --url and --mac of a device for it (hotdesk device show), and the PIN on stdin',
      { field: '--login' },
    );
  }
  const pin = await readLine();
  if (!/^\d{1,16}$/.test(pin))
    throw new Fault('input.invalid', '--login: the PIN on stdin is digits', { field: '--login' });
  const codes = { login: read('login-code') ?? '*77*', logout: read('logout-code') ?? '*77*5*' };
  return { extension, pin, device: { url, mac, ...(model !== undefined && { model }) }, codes };
}
