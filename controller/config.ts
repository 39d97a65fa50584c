/** How `hotdesk serve` is told what to do: flags over environment over defaults, unknown ones refused. */

import { resolve } from 'node:path';
import { z } from 'zod';
import { type FlagShape, readArgv } from '#protocol/argv.ts';
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
  { name: 'json-ready', takesValue: false, about: 'one JSON line on standard output when it is up' },
];

export type ConfigInput = {
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
};

/** Pure. Throws `input.invalid` that names the flag. */
export function loadConfig({ argv, env }: ConfigInput): Config {
  const { flags, words } = readArgv(argv, serveFlags);
  if (words[0] !== undefined) throw wrong(words[0], `serve: what is "${words[0]}"?`);
  const given = Object.keys(schema.shape).flatMap((name): [string, string][] => {
    const value = flags.get(name)?.at(-1) ?? env[environmentName(name)];
    return value === undefined ? [] : [[name, value]];
  });
  const read = schema.safeParse(Object.fromEntries(given));
  if (!read.success) {
    const [issue] = read.error.issues;
    const name = issue?.path.join('.') ?? '';
    throw wrong(name, `--${name} (or ${environmentName(name)}): ${issue?.message}`);
  }
  const {
    data,
    listen,
    'tunnel-port': tunnelPort,
    'api-listen': apiListen,
    'public-host': publicHost,
    'upgrade-wait': upgradeWait,
  } = read.data;
  return {
    data: resolve(data),
    listen: { address: listen, port: tunnelPort },
    apiListen: { address: apiListen, port: read.data['api-port'] },
    apiTls: tlsOf(read.data),
    ...(publicHost !== '' && {
      publicHost: /:\d+$/.test(publicHost) ? publicHost : `${publicHost}:${tunnelPort}`,
    }),
    upgradeWaitMs: upgradeWait === 'off' ? Number.POSITIVE_INFINITY : Number(upgradeWait) * 60_000,
    rtpPorts: rangeIn(read.data['rtp-ports']),
    ...(read.data['location-url'] !== '' && { locationUrl: read.data['location-url'] }),
    logLevel: read.data['log-level'],
    jsonReady: flags.has('json-ready'),
  };
}

function tlsOf(given: z.infer<typeof schema>): ApiTls {
  const { 'api-listen': address, 'api-cert': cert, 'api-key': key, 'api-name': name } = given;
  if ((cert === '') !== (key === '')) throw wrong('api-cert', '--api-cert and --api-key go together');
  if (/^(?:0\.0\.0\.0|[0:]+)$/.test(address)) {
    throw wrong('api-listen', '--api-listen: name the one address that the page is reached by');
  }
  if (cert !== '') return { type: 'files', cert: resolve(cert), key: resolve(key) };
  const isLoopback = /^127\.|^::1$/.test(address);
  if (isLoopback && name === '') return { type: 'none' };
  return { type: 'made', names: [...(name === '' ? [] : [name.toLowerCase()]), address] };
}

function rangeIn(text: string): PortRange | undefined {
  const [first = 0, last = 0] = text.split('-').map(Number);
  return text === '0' ? undefined : { first, last };
}

const environmentName = (flag: string) => `HOTDESK_${flag.toUpperCase().replaceAll('-', '_')}`;

const wrong = (field: string, message: string) => new Fault('input.invalid', message, { field });
