/**
 * What an operator may set, in one table: flags over environment over the file
 * `agent.json` in the data folder over the default.
 *
 *     --sip-port 5060      HOTDESK_AGENT_SIP_PORT=5060      {"sipPort": 5060}
 *
 * An unknown name is refused wherever it stands. Nothing here needs a
 * privilege: every default port is over 1023.
 */

import type { NetworkInterfaceInfo } from 'node:os';
import * as z from 'zod';
import { unknownWord } from '#protocol/argv.ts';
import { Fault } from '#protocol/fault.ts';
import { readProxy } from './proxy.ts';

const address = z.union([z.ipv4(), z.ipv6()], 'an IP address');
const addresses = z.union(
  [
    z.array(address).min(1),
    z
      .string()
      .transform((text) => text.split(','))
      .pipe(z.array(address)),
  ],
  'one IP address or more',
);
const port = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,5}$/)
        .transform(Number),
    ],
    'a port, 0 to 65535',
  )
  .refine((value) => Number.isInteger(value) && value >= 0 && value <= 65_535, 'a port, 0 to 65535');
const portRange = z
  .string()
  .regex(/^(?:0|\d{4,5}-\d{4,5})$/, 'two ports from 1024 to 65535, as 20000-29999, or 0 for any')
  .transform((text) => {
    const [first = 0, last = 0] = text.split('-').map(Number);
    return text === '0' ? undefined : { first, last };
  })
  .refine(
    (range) =>
      range === undefined || (range.first >= 1_024 && range.last <= 65_535 && range.last > range.first),
    'the first port is at least 1024, the last greater than it and at most 65535',
  );
const isProxy = (text: string) => {
  try {
    return readProxy(text, 'proxy').href !== '';
  } catch {
    return false;
  }
};
const yes = z.union(
  [z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')],
  'true or false',
);

export const configSchema = z.strictObject({
  listen: addresses
    .optional()
    .describe('address for phones, more than once for more; default: every IPv4 address of this host'),
  sipPort: port.default(5_060).describe('UDP and TCP port for SIP; 0: any'),
  sipTlsPort: port
    .optional()
    .describe('TCP port for SIP over TLS; 0: any; default: the SIP port and one, or any'),
  httpPort: port.default(8_080).describe('TCP port for provisioning; 0: any'),
  httpsPort: port
    .optional()
    .describe('TCP port for provisioning over TLS; 0: any; default: the HTTP port and one, or any'),
  rtpPorts: portRange.prefault('20000-29999').describe('UDP ports for RTP, A-B; 0: any'),
  pnp: yes
    .default(true)
    .describe('true or false: answer phones that ask the LAN for their config (SIP PnP, 224.0.1.75)'),
  upgradeSeconds: z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\d{1,4}$/)
          .transform(Number),
      ],
      'seconds, 1 to 3600',
    )
    .refine((value) => Number.isInteger(value) && value >= 1 && value <= 3_600, 'seconds, 1 to 3600')
    .default(60)
    .describe('how long a new version has to reach the controller before the old one is back (--supervised)'),
  logLevel: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('how much is logged'),
  proxy: z
    .string()
    .refine((text) => text === 'none' || isProxy(text), 'http://user:password@host:port, or none')
    .optional()
    .describe('web proxy to the controller (CONNECT), or none; default: HTTPS_PROXY unless NO_PROXY exempts'),
  allowPlain: yes
    .default(false)
    .describe('allow ws:// to a controller that is not on this host (no encryption)'),
});

export type AgentConfig = z.infer<typeof configSchema>;
export type ConfigName = keyof AgentConfig;

export const configNames = Object.keys(configSchema.shape) as ConfigName[];
const envPrefix = 'HOTDESK_AGENT_';
/** Read before the file can be, as it says where the file is. */
const dataEnv = 'HOTDESK_AGENT_DATA';

export const toFlag = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
export const toEnv = (name: string) => envPrefix + name.replace(/[A-Z]/g, '_$&').toUpperCase();

export type ConfigSources = {
  /** By flag name without hyphens, as `readArgv` gives them. */
  flags?: ReadonlyMap<string, readonly string[]>;
  env?: Readonly<Record<string, string | undefined>>;
  /** The text of agent.json, if there is one. */
  file?: string | undefined;
};

/** Throws `input.invalid`; `facts.field` is the flag, variable or key as the operator wrote it. */
export function loadConfig({ flags = new Map(), env = {}, file }: ConfigSources = {}): AgentConfig {
  const given = new Map([...fromFile(file), ...fromEnv(env), ...fromFlags(flags)]);
  const values = Object.fromEntries([...given].map(([name, { value }]) => [name, value]));
  const read = configSchema.safeParse(values);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const as = given.get(issue?.path[0] as ConfigName)?.as ?? '';
  throw new Fault('input.invalid', `${as}: ${issue?.message}`, { field: as });
}

/** What only a restart changes, of two configurations. */
export function needRestart(before: AgentConfig, now: AgentConfig): string[] {
  const changed = (name: ConfigName) => JSON.stringify(before[name]) !== JSON.stringify(now[name]);
  return configNames.filter((name) => name !== 'logLevel' && changed(name));
}

type Given = [ConfigName, { value: unknown; as: string }];

function fromFile(file: string | undefined): Given[] {
  return Object.entries(readFile(file)).map(([key, value]) => {
    const name = configNames.find((each) => each === key);
    if (name === undefined) throw unknownWord('key in agent.json', key, configNames);
    return [name, { value, as: `agent.json: ${key}` }];
  });
}

function fromEnv(env: Readonly<Record<string, string | undefined>>): Given[] {
  const known = new Map(configNames.map((name) => [toEnv(name), name]));
  const ours = Object.entries(env).filter(([key]) => key.startsWith(envPrefix) && key !== dataEnv);
  return ours.map(([key, value]) => {
    const name = known.get(key);
    if (name === undefined) throw unknownWord('environment variable', key, [...known.keys(), dataEnv]);
    return [name, { value, as: key }];
  });
}

function fromFlags(flags: ReadonlyMap<string, readonly string[]>): Given[] {
  return configNames.flatMap((name): Given[] => {
    const values = flags.get(toFlag(name));
    if (values === undefined) return [];
    return [[name, { value: name === 'listen' ? values : values.at(-1), as: `--${toFlag(name)}` }]];
  });
}

/** For TLS: 0 is any port, which is next to any, and to the last. */
export const nextPort = (port: number) => (port === 0 || port === 65_535 ? 0 : port + 1);

/** Every IPv4 address phones may reach this host at; its own when there is none. */
export function listenAddresses(
  { listen }: Pick<AgentConfig, 'listen'>,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>,
): string[] {
  if (listen !== undefined && listen.length > 0) return [...new Set(listen)];
  const found = Object.values(interfaces)
    .flatMap((each) => each ?? [])
    .filter((each) => each.family === 'IPv4' && !each.internal && !each.address.startsWith('169.254.'))
    .map((each) => each.address);
  return found.length > 0 ? [...new Set(found)] : ['127.0.0.1'];
}

function readFile(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return { ...json };
  } catch {
    // Said below, the same as for JSON that is not an object.
  }
  throw new Fault('input.invalid', 'agent.json is not a JSON object', { field: 'agent.json' });
}
