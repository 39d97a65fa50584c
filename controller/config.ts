/**
 * How `hotdesk serve` is told what to do: flags over environment over the file
 * `hotdesk.json` in the data folder over defaults; unknown names are refused.
 *
 *     --tunnel-port 8443      HOTDESK_TUNNEL_PORT=8443      {"tunnelPort": 8443}
 */

import { resolve } from 'node:path';
import { z } from 'zod';
import { isLoopback } from '#protocol/address.ts';
import { type FlagShape, readArgv, unknownWord } from '#protocol/argv.ts';
import { Fault } from '#protocol/fault.ts';
import type { PortRange } from '#protocol/media/port-pool.ts';

const port = z.coerce.number().int().min(0).max(65_535);
const address = z.union([z.ipv4(), z.ipv6()], 'is not an IP address');

const schema = z.strictObject({
  data: z.string().min(1).default('./hotdesk-data').describe('DIR: store, keys, certificate, control socket'),
  listen: address.default('0.0.0.0').describe('ADDRESS: where agents come in'),
  'tunnel-port': port.default(8443).describe('N: where agents come in; 0 is any free one'),
  'public-host': z
    .union(
      [z.literal(''), z.string().regex(/^(?:[A-Za-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/)],
      'is not HOST or HOST:PORT',
    )
    .default('')
    .describe(
      'HOST[:PORT]: as offices reach --tunnel-port, for the line that installs an agent; our address unless set',
    ),
  'upgrade-wait': z
    .string()
    .regex(/^(?:off|\d{1,5})$/, 'minutes, or off')
    .default('240')
    .describe('MINUTES: how long calls may hold up the new version of an agent; off: none is offered'),
  'api-listen': address
    .default('127.0.0.1')
    .describe('ADDRESS: of the page and the API; off loopback they speak HTTPS only'),
  'api-cert': z
    .string()
    .default('')
    .describe('FILE: certificate (PEM) of the page; one is made where none is given'),
  'api-key': z.string().default('').describe('FILE: its key'),
  'api-name': z
    .union([
      z.literal(''),
      z.string().regex(/^[a-zA-Z0-9](?:[a-zA-Z0-9.-]{0,251}[a-zA-Z0-9])?$/, 'is no host name'),
    ])
    .default('')
    .describe('NAME: of the page, for the certificate that is made'),
  'api-port': port.default(8480).describe('N: of the API; 0 is any free one'),
  'rtp-ports': z
    .string()
    .regex(/^(?:0|\d{4,5}-\d{4,5})$/, 'two ports from 1024 to 65535, as 10000-19999, or 0 for any')
    .refine((text) => {
      const [first = 0, last = 0] = text.split('-').map(Number);
      return text === '0' || (first >= 1_024 && last > first && last <= 65_535);
    }, 'the first port is at least 1024, the last greater than it and at most 65535')
    .default('10000-19999')
    .describe('A-B: UDP ports for calls to a PBX or trunk; 0 is any'),
  'location-url': z
    .union([z.literal(''), z.url({ protocol: /^https$/, error: 'is not an https URL' })])
    .default('')
    .describe('URL: https, where /location of the API is reached from outside, for emergency calls'),
  'log-level': z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('LEVEL: trace, debug, info, warn, error or silent'),
});

export type Config = {
  data: string;
  listen: { address: string; port: number };
  apiListen: { address: string; port: number };
  apiTls: ApiTls;
  /** With a port, as an office dials it; absent: guessed. */
  publicHost?: string;
  /** Infinite: agents are not upgraded. */
  upgradeWaitMs: number;
  /** Undefined: any. */
  rtpPorts: PortRange | undefined;
  /** Absent: nobody can fetch a place, and no route may want that. */
  locationUrl?: string;
  logLevel: z.infer<typeof schema>['log-level'];
  jsonReady: boolean;
};

/** Of the page and the API: files, or one that is made for these names; plain HTTP on loopback. */
export type ApiTls =
  | { type: 'none' }
  | { type: 'files'; cert: string; key: string }
  | { type: 'made'; names: readonly string[] };

export type ServeFlag = FlagShape & { about: string; fallback?: string };

/** For help and for docs/operating.md. The environment's names are `HOTDESK_` and the flag in capitals. */
export const serveFlags: readonly ServeFlag[] = [
  ...Object.entries(schema.shape).map(([name, field]) => ({
    name,
    takesValue: true,
    about: field.description ?? '',
    fallback: String(field.parse(undefined)),
  })),
  {
    name: 'check-config',
    takesValue: false,
    about: 'say what is wrong with the configuration, or print it, and end',
  },
  { name: 'print-config', takesValue: false, about: 'the same: the configuration as it would be used' },
  { name: 'json-ready', takesValue: false, about: 'one JSON line on standard output when it is up' },
];

export type ConfigInput = {
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** The text of hotdesk.json, if there is one. */
  file?: string | undefined;
};

export const configFile = 'hotdesk.json';

type Name = keyof typeof schema.shape;
type Values = z.infer<typeof schema>;

const names = Object.keys(schema.shape) as Name[];
/** Where the file is does not stand in it. */
const keyOf = new Map(names.filter((name) => name !== 'data').map((name) => [toKey(name), name]));
/** Of the environment, and not for `serve`: the command line's, the agent's, the build's. */
const others = /^HOTDESK_(?:SERVER|TOKEN|CONFIG|RELEASE_KEY|AGENT_.*)$/;

/** Read before the file can be, as it says where the file is. */
export function dataFolderOf({ argv, env }: ConfigInput): string {
  const { flags } = readArgv(argv, serveFlags);
  return resolve(flags.get('data')?.at(-1) ?? env.HOTDESK_DATA ?? schema.shape.data.parse(undefined));
}

/** As it would be used, by the file's names; nothing in it is secret. */
export function effectiveConfig(input: ConfigInput): Record<string, string | number> {
  const values = Object.entries(readValues(input)).map(([name, value]) => [toKey(name), value]);
  return { ...Object.fromEntries(values), data: dataFolderOf(input) };
}

/** What only a restart changes, of two configurations. */
export function needRestart(before: ConfigInput, now: ConfigInput): string[] {
  const [one, two] = [effectiveConfig(before), effectiveConfig(now)];
  return Object.keys(one).filter((key) => key !== 'logLevel' && one[key] !== two[key]);
}

/** Pure. Throws `input.invalid` that names the flag. */
export function loadConfig(input: ConfigInput): Config {
  const { flags } = readArgv(input.argv, serveFlags);
  return toConfig(readValues(input), flags.has('json-ready'));
}

function readValues({ argv, env, file }: ConfigInput): Values {
  const { flags, words } = readArgv(argv, serveFlags);
  if (words[0] !== undefined) throw wrong(words[0], `serve: what is "${words[0]}"?`);
  const known = names.map(environmentName);
  const stray = Object.keys(env).find(
    (name) => name.startsWith('HOTDESK_') && !known.includes(name) && !others.test(name),
  );
  if (stray !== undefined) throw unknownWord('environment variable', stray, known);
  const kept = readFile(file);
  const given = names.flatMap((name): [string, string][] => {
    const value = flags.get(name)?.at(-1) ?? env[environmentName(name)] ?? kept.get(name);
    return value === undefined ? [] : [[name, value]];
  });
  const read = schema.safeParse(Object.fromEntries(given));
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const name = issue?.path.join('.') ?? '';
  throw wrong(name, `--${name} (or ${environmentName(name)}, or ${toKey(name)}): ${issue?.message}`);
}

function readFile(text: string | undefined): Map<Name, string> {
  if (text === undefined) return new Map();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // Said below, the same as for JSON that is not an object.
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw wrong(configFile, `${configFile} is not a JSON object`);
  }
  return new Map(
    Object.entries(json).map(([key, value]) => {
      const name = keyOf.get(key);
      if (name === undefined) throw unknownWord(`key in ${configFile}`, key, keyOf.keys());
      if (typeof value === 'string' || typeof value === 'number') return [name, String(value)];
      throw wrong(key, `${configFile}: ${key}: a text or a number`);
    }),
  );
}

function toConfig(values: Values, jsonReady: boolean): Config {
  const {
    data,
    listen,
    'tunnel-port': tunnelPort,
    'api-listen': apiListen,
    'public-host': publicHost,
    'upgrade-wait': upgradeWait,
  } = values;
  return {
    data: resolve(data),
    listen: { address: listen, port: tunnelPort },
    apiListen: { address: apiListen, port: values['api-port'] },
    apiTls: tlsOf(values),
    ...(publicHost !== '' && {
      publicHost: /:\d+$/.test(publicHost) ? publicHost : `${publicHost}:${tunnelPort}`,
    }),
    upgradeWaitMs: upgradeWait === 'off' ? Number.POSITIVE_INFINITY : Number(upgradeWait) * 60_000,
    rtpPorts: rangeIn(values['rtp-ports']),
    ...(values['location-url'] !== '' && { locationUrl: values['location-url'] }),
    logLevel: values['log-level'],
    jsonReady,
  };
}

function tlsOf(given: z.infer<typeof schema>): ApiTls {
  const { 'api-listen': address, 'api-cert': cert, 'api-key': key, 'api-name': name } = given;
  if ((cert === '') !== (key === '')) throw wrong('api-cert', '--api-cert and --api-key go together');
  if (/^(?:0\.0\.0\.0|[0:]+)$/.test(address)) {
    throw wrong('api-listen', '--api-listen: name the one address that the page is reached by');
  }
  if (cert !== '') return { type: 'files', cert: resolve(cert), key: resolve(key) };
  if (isLoopback(address) && name === '') return { type: 'none' };
  return { type: 'made', names: [...(name === '' ? [] : [name.toLowerCase()]), address] };
}

function rangeIn(text: string): PortRange | undefined {
  const [first = 0, last = 0] = text.split('-').map(Number);
  return text === '0' ? undefined : { first, last };
}

function toKey(name: string): string {
  return name.replace(/-[a-z]/g, (letters) => (letters[1] ?? '').toUpperCase());
}

const environmentName = (flag: string) => `HOTDESK_${flag.toUpperCase().replaceAll('-', '_')}`;

const wrong = (field: string, message: string) => new Fault('input.invalid', message, { field });
