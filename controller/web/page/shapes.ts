/** What the API tells, as far as the page reads it. Names and sentences in it are hostile: text, never markup. */

export type Role = 'owner' | 'admin' | 'siteAdmin' | 'readOnly' | 'user';

export type Me = {
  name: string;
  role: Role;
  sites?: string[];
  /** Of somebody who signed in by PIN. */
  extension?: string;
  /** Of an account: a code is asked for besides the password. */
  hasTotp?: boolean;
};

export type ChangeOverState = 'pending' | 'sent' | 'fetched' | 'active' | 'stuck';

export type ChangeOver = { state: ChangeOverState; reason?: string; ms: number };

export type Place = Record<string, string>;

export type Key = { type: KeyType; value: string; label: string };
export type KeyType = 'none' | 'line' | 'speeddial' | 'blf' | 'park';

export type Device = {
  id: string;
  mac: string;
  vendor: string;
  model: string;
  site: string;
  provisioningUrl?: string | null;
  extension: string | null;
  changeOver: ChangeOver;
  registered: {
    aor: string;
    address: string;
    transport: string;
    agent: string;
    userAgent: string;
    expiresAt: string;
  } | null;
  cutKeys: Key[];
  place: Place | null;
  problems: string[];
};

export type User = {
  extension: string;
  name: string;
  hotdesk: boolean;
  secondDevice?: 'allow' | 'move' | 'refuse';
  policy?: Policy;
  keys: Key[];
  hasPin: boolean;
  /** At a PBX. */
  upstream?: { id: string; user: string; hasSecret: boolean };
};

export type Session = { device: string; extension: string; since: string; how: How; changeOver: ChangeOver };

export type How = 'dial' | 'key' | 'api' | 'admin' | 'self' | 'takeover' | 'move' | 'limit' | 'removed';

export type Site = {
  id: string;
  timeZone: string;
  language: 'en' | 'de';
  emergencyNumbers: string[];
  policy?: Policy;
  emergencyGateway?: HostPort;
  emergencyRoutes?: EmergencyRoute[];
  emergencyContacts?: string[];
  emergencyTestNumber?: string;
  place?: Place;
  dialCodes: Record<string, string>;
  transport: 'udp' | 'tcp' | 'tls';
  /** Why a call for help might go nowhere, or tell nobody where to come. */
  problems: string[];
};

export type HostPort = { address: string; port: number };

export type EmergencyRoute = {
  type: 'gateway' | 'upstream';
  upstream?: string;
  location: 'none' | 'value' | 'reference';
};

/** `ok`: every step of every route. */
export type EmergencyReport = {
  ok: boolean;
  device: string | null;
  number: string;
  steps: { route: string; step: string; ok: boolean; detail: string }[];
};

export type Agent = {
  id: string;
  site: string;
  isUp: boolean;
  version?: string;
  sip?: string;
  http?: string;
  name?: string;
  phones?: number;
  /** In progress. */
  calls?: number;
  /** Per cent of one core. */
  cpu?: number;
  /** Bytes. */
  memory?: number;
  latencyMs?: number;
  enrolledAt: string;
  revokedAt?: string;
};

export type UnknownPhone = {
  mac: string;
  vendor: string | null;
  model: string | null;
  isKnownModel: boolean;
  version: string | null;
  site: string;
  address: string;
  lastSeen: string;
};

export type ModelRow = {
  id: string;
  vendor: string;
  model: string;
  keys: number;
  confidence: 'documented' | 'uncertain';
  notes: string;
};

export type LaidKey = Key & { position: number; page: number; module?: number; area?: string };

export type Preview = { keys: LaidKey[]; cut: Key[] };

/** Somebody at a desk; without `since` from before what is remembered, without `until` still. */
export type Stay = {
  device: string;
  site: string;
  extension: string;
  since?: string;
  how?: string;
  until?: string;
  ended?: string;
  reason?: string;
};

export type DeskEvent = {
  at: string;
  type: 'login' | 'logout' | 'registered' | 'unregistered' | 'active' | 'stuck';
  extension?: string;
  how?: string;
  reason?: string;
  aor?: string;
  address?: string;
  ms?: number;
};

export type AuditEntry = {
  sequence: number;
  at: string;
  who: string;
  role?: string;
  from?: string;
  what: string;
  details?: Record<string, string | number | boolean>;
  changes?: { collection: string; id: string; before?: object; after?: object }[];
};

export type Policy = {
  secondDevice?: 'allow' | 'move' | 'refuse';
  longestMinutes?: number | 'none';
  idleMinutes?: number | 'none';
  endsAt?: string;
};

export type Token = {
  id: string;
  name: string;
  role?: Role;
  sites?: string[];
  createdAt: string;
  expiresAt?: string;
};

export type ResyncResult = 'answered' | 'unregistered' | 'busy' | 'no-answer';

export type Account = { name: string; role: Role; sites?: string[]; hasTotp: boolean; createdAt: string };

export type Upstream = {
  id: string;
  mode: 'register' | 'trunk';
  transport: 'udp' | 'tcp' | 'tls';
  addresses: HostPort[];
  domain?: string;
  local?: HostPort;
  authentication: 'none' | 'ip' | 'digest';
  username?: string;
  hasSecret: boolean;
  numbers: string[];
  defaultRoute: boolean;
  denied: string[];
  calledPrefix: string;
  probeSeconds: number;
  ca?: string;
  /** Times are milliseconds since 1970. */
  addressStates: { address: string; state: 'unknown' | 'up' | 'down'; since: number }[];
  registrations: Registration[];
  problem?: string;
};

export type Registration = {
  extension: string;
  state: 'trying' | 'registered' | 'refused' | 'failed';
  status?: number;
  since: number;
};

/** In progress until it has ended. */
export type Call = {
  id: string;
  from?: string;
  to?: string;
  since?: string;
  endedAt?: string;
  sites?: string[];
  media: 'direct' | 'agent' | 'controller';
  streams: { packets: number; lost: number; jitterMs: number }[];
};

type StreamSum = { lostPercent: number; jitterMs: number; silences: number };

export type DeskQuality = { device: string; calls: number; heard: StreamSum; sent: StreamSum };

export type EmergencyCall = {
  id: string;
  at: string;
  device: string;
  number: string;
  extension?: string;
  place: string;
  state: 'calling' | 'answered' | 'failed' | 'cancelled';
  route?: string;
  status?: number;
};

export type WebhookEvent = 'login' | 'logout' | 'stuck' | 'agent-down' | 'agent-up' | 'emergency';

export type Webhook = {
  id: string;
  url: string;
  events: WebhookEvent[];
  sites?: string[];
  enabled: boolean;
  last?: { ok: boolean; detail: string; at: string };
};

export type Prompt = {
  id: string;
  language: 'en' | 'de';
  name: string;
  text: string;
  isOwn: boolean;
  seconds: number;
};
