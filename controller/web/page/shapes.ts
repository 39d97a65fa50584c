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
  keys: Key[];
  hasPin: boolean;
};

export type Session = { device: string; extension: string; since: string; how: How; changeOver: ChangeOver };

export type How = 'dial' | 'key' | 'api' | 'admin' | 'self' | 'takeover' | 'move' | 'limit' | 'removed';

export type Site = {
  id: string;
  timeZone: string;
  language: 'en' | 'de';
  emergencyNumbers: string[];
  emergencyGateway?: { address: string; port: number };
  place?: Place;
  dialCodes: Record<string, string>;
  transport: 'udp' | 'tcp' | 'tls';
  problems?: string[];
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
