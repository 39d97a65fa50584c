/**
 * What the controller keeps: one schema for each kind of document. The store
 * checks them when it reads a file, the API when it takes a request.
 *
 *     site 1──n agent      who carries the site's traffic
 *     site 1──n device 1──0..1 session n──1 user
 *     device 1──0..1 binding      where the device is registered
 *
 * Times are milliseconds since the epoch. No document holds a secret in clear:
 * SIP secrets and config tokens are derived from the master key, PINs and API
 * tokens are kept as hashes, passwords of a PBX are sealed (controller/keys.ts).
 */

import { z } from 'zod';
import { type Account, account, role, type SetupLink, type SignIn, setupLink, signIn } from './account.ts';
import { type DeskHistory, deskHistory } from './desk-events.ts';
import { adoptionWindow, type Delivery, delivery, type KeptWindow } from './phone-setup.ts';
import { emergencyContact, emergencyRoute, emergencyTestNumber, place } from './place.ts';
import { policy, secondDevice, sessionLimits } from './policy.ts';
import { type Webhook, webhook } from './webhook.ts';

export { type Webhook, type WebhookEvent, webhook } from './webhook.ts';

import { type Redirection, type RedirectionService, redirection, redirectionService } from './redirection.ts';

export const extension = z
  .string()
  .regex(/^[0-9]{1,15}$/, 'an extension is 1 to 15 digits')
  .refine((text) => text !== '5', 'extension 5 would make *77*5* (logout) a login');

export const mac = z.string().regex(/^[0-9a-f]{12}$/, 'a MAC address is 12 hexadecimal digits');

export const deviceId = z.string().regex(/^HD[0-9]{1,8}$/, 'a device is named like HD0001');

export const siteId = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'a site is named in small letters, digits and hyphens');

/** What people read on a display: no control characters, so that no config file or header can be broken by it. */
export const displayName = z
  .string()
  .trim()
  .min(1, 'a name has at least one character')
  .max(64, 'a name has at most 64 characters')
  .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+$/u, 'a name has no control characters');

export const hostPort = z.object({
  address: z.union([z.ipv4(), z.ipv6()]),
  port: z.int().min(1).max(65_535),
});

export const dialCode = z.string().regex(/^[*#0-9]{2,16}$/, 'a dial code is 2 to 16 of 0-9, * and #');

/** What a site says that has no `dialCodes.pickup`. */
export const usualPickupCode = '**';

export const site = z.strictObject({
  id: siteId,
  timeZone: z.string().default('Europe/Berlin'),
  language: z.enum(['en', 'de']).default('en'),
  /** Exact numbers, as dialled. */
  emergencyNumbers: z
    .array(z.string().regex(/^[0-9]{2,6}$/, 'an emergency number is 2 to 6 digits'))
    .default(['112']),
  /** Where emergency calls go: a SIP gateway on the site's own LAN, reached through its agent. */
  emergencyGateway: hostPort.optional(),
  /** The ways out, tried in order; absent: the gateway alone, without a location. */
  emergencyRoutes: z.array(emergencyRoute).min(1).max(8).optional(),
  /** Who is told of an emergency call. */
  emergencyContacts: z.array(emergencyContact).max(8).optional(),
  /** Proves the way out without calling anybody. */
  emergencyTestNumber: emergencyTestNumber.optional(),
  /** Where its devices stand, unless they say otherwise themselves. */
  place: place.optional(),
  /**
   * `login` is a prefix: login + extension + `*`; so is `pickup`, `**` unless said otherwise: pickup + extension.
   * Other names are whole codes.
   */
  dialCodes: z.record(z.string(), dialCode).default({ login: '*77*', logout: '*77*5*' }),
  /** How its phones reach their agent with SIP. */
  transport: z.enum(['udp', 'tcp', 'tls']).default('udp'),
  /** Internal numbers an idle device may call besides. */
  idleMayCall: z.array(extension).default([]),
  /** How long a call from here rings before it is given up; 60 s when absent. */
  ringSeconds: z.int().min(5).max(180).optional(),
  /** How phones of this site reach each other: by themselves, or only through the agent. */
  media: z.enum(['direct', 'agent']).default('direct'),
  /** How phones that can be told its CA fetch their configs; `http` when absent. */
  configBy: z.enum(['http', 'https']).optional(),
  /** PEM of who signed the certificates that phones came with from their factory. */
  phoneCas: z.string().max(65_536).optional(),
  /** Whose calls a phone may watch (busy lamps) and pick up: those on its user's keys, those of the site, all. */
  mayWatch: z.enum(['layout', 'site', 'all']).default('layout'),
  /** Of sessions at its devices, as far as the user has none of his own. */
  policy: policy.optional(),
});

export const agent = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  site: siteId,
  /** For people. */
  name: displayName.optional(),
  /** Raw Ed25519 public key, base64url. */
  publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  enrolledAt: z.number(),
  revokedAt: z.number().optional(),
});

export const device = z.strictObject({
  id: deviceId,
  mac,
  vendor: z.string(),
  model: z.string(),
  /** How many expansion modules stand beside it. */
  expansions: z.int().min(0).max(6).optional(),
  site: siteId,
  /** Rises at each change-over; SIP secret and config are derived from it. */
  generation: z.int().min(1),
  /** The newest generation the phone has registered with; older secrets are dead. */
  confirmedGeneration: z.int().min(0),
  /** Where it stands, as far as that differs from its site's. */
  place: place.optional(),
});

export const key = z.strictObject({
  type: z.enum(['none', 'line', 'speeddial', 'blf', 'park']),
  value: z
    .string()
    .regex(/^[0-9*#+]{0,32}$/, 'a key value is at most 32 of 0-9, *, # and +')
    .default(''),
  label: z.union([z.literal(''), displayName]).default(''),
});

export const user = z.strictObject({
  extension,
  name: displayName,
  /** May log in at hot-desk devices. */
  hotdesk: z.boolean().default(true),
  /** What a login at a second device does; the system's default when absent. */
  secondDevice: secondDevice.optional(),
  /** When his sessions end by themselves. */
  policy: sessionLimits.optional(),
  keys: z.array(key).max(200).default([]),
  /** `scrypt:N:salt:hash`, base64url; absent: the user has no PIN and cannot log in. */
  pinHash: z.string().optional(),
  /** As whom the user is registered at a PBX while a session lasts; the secret is sealed. */
  upstream: z.strictObject({ id: siteId, user: z.string().max(64), secret: z.string().max(512) }).optional(),
});

/** A digest user: what can stand between quotes as it is. */
export const authUser = z
  .string()
  .regex(/^[A-Za-z0-9._~!$&'()*+,;=:@%-]{1,64}$/, 'a user name is 1 to 64 characters that need no escaping');

const dialledPart = /^\+?[0-9*#]{1,24}$/;

/** Not in the clear anywhere but in the digest. Sealed for `upstream <id>` or `user <extension>`. */
const sealed = z.string().max(512);

export const upstream = z.strictObject({
  id: siteId,
  /** `register`: each logged-in user is registered there; `trunk`: all calls go over the one account, or none. */
  mode: z.enum(['register', 'trunk']),
  transport: z.enum(['udp', 'tcp', 'tls']).default('udp'),
  /** Several: the first that answers is used. Calls from there, and from nowhere else, are taken. */
  addresses: z.array(hostPort).min(1, 'at least one address is needed').max(8),
  /** Behind the @ of what is sent there; the first address when absent. */
  domain: z
    .string()
    .regex(/^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/, 'is not a host name')
    .optional(),
  /** Where the controller speaks to it from; absent: the address that the route there has, port 5080. */
  local: z
    .strictObject({
      address: z.union([z.ipv4(), z.ipv6()], 'is not an IP address'),
      port: z.int().min(0).max(65_535),
    })
    .optional(),
  authentication: z.enum(['none', 'ip', 'digest']).default('ip'),
  username: authUser.optional(),
  secret: sealed.optional(),
  /** What goes there: beginnings of numbers, or ranges like 200-299. */
  numbers: z
    .array(z.string().regex(/^(?:\+?[0-9*#]{1,24}|[0-9]{1,15}-[0-9]{1,15})$/, 'is no prefix and no range'))
    .max(500)
    .default([]),
  /** Takes what no other takes. */
  defaultRoute: z.boolean().default(false),
  /** Beginnings of numbers that are never called: premium and satellite, unless configured otherwise. */
  denied: z
    .array(z.string().regex(dialledPart, 'is no prefix'))
    .max(500)
    .default(() => [...premiumPrefixes]),
  /** In front of our extension in numbers called from there, as +493012345. */
  calledPrefix: z.union([z.literal(''), z.string().regex(dialledPart)]).default(''),
  /** Between two OPTIONS to each address; 0: never. */
  probeSeconds: z.int().min(0).max(3_600).default(30),
  /** PEM of who signed its certificate, when that is nobody the system knows. */
  ca: z.string().max(65_536).optional(),
});

const premiumPrefixes = [
  ...['0900', '0137', '0118', '+49900', '0049900', '+49137', '0049137'],
  ...['+1900', '001900', '+979', '00979', '+808', '00808'], // premium, shared cost
  ...['+870', '00870', '+881', '00881', '+882', '00882', '+883', '00883'], // satellite, networks without a country
];

export const how = z.enum(['dial', 'key', 'api', 'admin', 'takeover', 'move', 'limit', 'removed', 'self']);

export const session = z.strictObject({
  /** The device, and the document's id: a device has at most one session. */
  device: deviceId,
  extension,
  since: z.number(),
  how,
  limits: sessionLimits.optional(),
});

/** What holds where neither the user nor the site says otherwise. */
export const systemPolicy = policy.extend({ id: z.literal('system') });

export const flow = z.strictObject({
  agent: agent.shape.id,
  site: siteId,
  transport: z.enum(['udp', 'tcp', 'tls']),
  local: hostPort,
  remote: hostPort,
});

export const binding = z.strictObject({
  device: deviceId,
  /** User part of the AOR the phone registered: its own name or the session's extension. */
  aor: z.string(),
  /** The Contact's URI: what goes into the Request-URI, never where packets go. */
  contact: z.string(),
  flow,
  expiresAt: z.number(),
  callId: z.string(),
  cseq: z.int(),
  userAgent: z.string().max(128),
});

/** Who is told of what by NOTIFY (RFC 6665), kept so that a restart of ours costs no phone its lamps. */
export const subscription = z.strictObject({
  /** Our tag of the dialog, and the document's id. */
  id: z.string(),
  device: deviceId,
  /** Whose session the device had: the subscription ends with it. */
  extension,
  event: z.string(),
  /** The Event header's `id`, which every NOTIFY repeats. */
  eventId: z.string().optional(),
  /** User part of what is watched. */
  resource: z.string(),
  callId: z.string(),
  remoteTag: z.string(),
  /** URIs of To and From of the SUBSCRIBE. */
  local: z.string(),
  remote: z.string(),
  contact: z.string(),
  flow,
  /** Of the last SUBSCRIBE. */
  cseq: z.int(),
  /** At least as many NOTIFYs as had been sent at `notedAt`. */
  sequence: z.int(),
  notedAt: z.number(),
  expiresAt: z.number(),
});

export const enrolToken = z.strictObject({
  /** SHA-256 of the token's secret part, hex. */
  id: z.string(),
  site: siteId,
  expiresAt: z.number(),
  spentAt: z.number().optional(),
});

export const apiToken = z.strictObject({
  id: z.string(),
  name: z.string(),
  /** SHA-256 of the token, hex: a token is 256 random bits, so a fast hash is enough. */
  hash: z.string(),
  createdAt: z.number(),
  role: role.exclude(['user']).default('admin'),
  /** Of a site admin: what he sees and may change. */
  sites: z.array(siteId).min(1).max(100).optional(),
  /** Good for nothing from then on; absent: until it is removed. */
  expiresAt: z.number().optional(),
});

/**
 * Failed tries. Of PINs, counted for `extension@device` (a hash where nobody has that extension), `device`
 * and `site`; of passwords (api/access/attempts.ts), under a hash of what they are counted for.
 */
export const pinLock = z.strictObject({
  id: z.string(),
  failures: z.int(),
  lastFailureAt: z.number(),
  lockedUntil: z.number(),
});

/** An emergency call and what became of it: the last ones, for who has to show what happened. */
export const emergencyCall = z.strictObject({
  id: z.string().max(64),
  at: z.number(),
  device: deviceId,
  site: siteId,
  number: z.string().max(32),
  /** Who was logged in: for the people of the site, never sent on. */
  extension: z.string().optional(),
  callerId: z.string(),
  callbackNumber: z.string(),
  /** The place in one line. */
  place: z.string().max(1_024),
  state: z.enum(['calling', 'answered', 'failed', 'cancelled']),
  /** The route that was tried last, and what it answered. */
  route: z.string().optional(),
  status: z.int().optional(),
});

/** The collections of the store: name → schema, and which field is the id. */
export const collections = {
  sites: { schema: site, id: 'id' },
  agents: { schema: agent, id: 'id' },
  devices: { schema: device, id: 'id' },
  users: { schema: user, id: 'extension' },
  sessions: { schema: session, id: 'device' },
  bindings: { schema: binding, id: 'device' },
  subscriptions: { schema: subscription, id: 'id' },
  enrolTokens: { schema: enrolToken, id: 'id' },
  apiTokens: { schema: apiToken, id: 'id' },
  accounts: { schema: account, id: 'name' },
  setupLinks: { schema: setupLink, id: 'id' },
  signIns: { schema: signIn, id: 'id' },
  passwordLocks: { schema: pinLock, id: 'id' },
  pinLocks: { schema: pinLock, id: 'id' },
  upstreams: { schema: upstream, id: 'id' },
  emergencyCalls: { schema: emergencyCall, id: 'id' },
  policies: { schema: systemPolicy, id: 'id' },
  deskEvents: { schema: deskHistory, id: 'device' },
  webhooks: { schema: webhook, id: 'id' },
  redirectionServices: { schema: redirectionService, id: 'id' },
  redirections: { schema: redirection, id: 'id' },
  deliveries: { schema: delivery, id: 'device' },
  adoptionWindows: { schema: adoptionWindow, id: 'id' },
} as const;

export type CollectionName = keyof typeof collections;
export type Site = z.infer<typeof site>;
export type Agent = z.infer<typeof agent>;
export type Device = z.infer<typeof device>;
export type Key = z.infer<typeof key>;
export type User = z.infer<typeof user>;
export type Session = z.infer<typeof session>;
export type How = z.infer<typeof how>;
export type Flow = Readonly<z.infer<typeof flow>>;
export type Binding = z.infer<typeof binding>;
export type Subscription = z.infer<typeof subscription>;
export type EnrolToken = z.infer<typeof enrolToken>;
export type ApiToken = z.infer<typeof apiToken>;
export type PinLock = z.infer<typeof pinLock>;
export type Upstream = z.infer<typeof upstream>;
export type EmergencyCall = z.infer<typeof emergencyCall>;

export type Documents = {
  sites: Site;
  agents: Agent;
  devices: Device;
  users: User;
  sessions: Session;
  bindings: Binding;
  subscriptions: Subscription;
  enrolTokens: EnrolToken;
  apiTokens: ApiToken;
  accounts: Account;
  setupLinks: SetupLink;
  signIns: SignIn;
  passwordLocks: PinLock;
  pinLocks: PinLock;
  upstreams: Upstream;
  emergencyCalls: EmergencyCall;
  policies: z.infer<typeof systemPolicy>;
  deskEvents: DeskHistory;
  webhooks: Webhook;
  redirectionServices: RedirectionService;
  redirections: Redirection;
  deliveries: Delivery;
  adoptionWindows: KeptWindow;
};
