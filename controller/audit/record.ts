/**
 * What the audit log shows of a document. Each field of each collection says
 * here whether it may be read there: a new field does not compile until it has.
 *
 *     shown    as it is
 *     hidden   that it was set, or changed: "(hidden)"
 *     a function   what of it may be shown
 *
 * `undefined` instead of fields: what machines change all day, and nobody is asked about.
 */

import type { CollectionName, Documents } from '#controller/model/model.ts';
import type { AuditChange } from './chain.ts';

type Show = 'shown' | 'hidden' | ((value: never) => unknown);
type Fields<T> = { readonly [Field in keyof Required<T>]: Show };

const hidden = '(hidden)';

/** The secret part of an account at a PBX. */
const withoutSecret = (value: { secret?: unknown }) => ({ ...value, secret: hidden });
/** A webhook's path and query are often its password. */
const origins = (urls: readonly string[]) =>
  urls.map((url) => (URL.canParse(url) ? new URL(url).origin : hidden));

export const shownFields: { readonly [C in CollectionName]: Fields<Documents[C]> | undefined } = {
  sites: {
    id: 'shown',
    timeZone: 'shown',
    language: 'shown',
    emergencyNumbers: 'shown',
    emergencyGateway: 'shown',
    emergencyRoutes: 'shown',
    emergencyContacts: origins,
    emergencyTestNumber: 'shown',
    place: 'shown',
    dialCodes: 'shown',
    transport: 'shown',
    idleMayCall: 'shown',
    ringSeconds: 'shown',
    media: 'shown',
    mayWatch: 'shown',
    policy: 'shown',
    configBy: 'shown',
    phoneCas: 'shown',
  },
  agents: {
    id: 'shown',
    site: 'shown',
    name: 'shown',
    publicKey: 'shown',
    enrolledAt: 'shown',
    revokedAt: 'shown',
  },
  devices: {
    id: 'shown',
    mac: 'shown',
    vendor: 'shown',
    expansions: 'shown',
    model: 'shown',
    site: 'shown',
    generation: 'shown',
    confirmedGeneration: 'shown',
    place: 'shown',
  },
  users: {
    extension: 'shown',
    name: 'shown',
    hotdesk: 'shown',
    secondDevice: 'shown',
    keys: 'shown',
    policy: 'shown',
    pinHash: 'hidden',
    upstream: withoutSecret,
  },
  sessions: { device: 'shown', extension: 'shown', since: 'shown', how: 'shown', limits: 'shown' },
  bindings: undefined,
  subscriptions: undefined,
  enrolTokens: { id: 'hidden', site: 'shown', expiresAt: 'shown', spentAt: 'shown' },
  apiTokens: {
    id: 'shown',
    name: 'shown',
    hash: 'hidden',
    createdAt: 'shown',
    role: 'shown',
    sites: 'shown',
    expiresAt: 'shown',
  },
  accounts: {
    name: 'shown',
    role: 'shown',
    sites: 'shown',
    passwordHash: 'hidden',
    createdAt: 'shown',
    totp: ({ isConfirmed }: { isConfirmed: boolean }) => ({ isConfirmed }),
  },
  setupLinks: { id: 'shown', hash: 'hidden', expiresAt: 'shown' },
  signIns: undefined,
  passwordLocks: undefined,
  pinLocks: undefined,
  upstreams: {
    id: 'shown',
    mode: 'shown',
    transport: 'shown',
    addresses: 'shown',
    domain: 'shown',
    local: 'shown',
    authentication: 'shown',
    username: 'shown',
    secret: 'hidden',
    numbers: 'shown',
    defaultRoute: 'shown',
    denied: 'shown',
    calledPrefix: 'shown',
    probeSeconds: 'shown',
    ca: 'shown',
  },
  emergencyCalls: undefined,
  redirectionServices: {
    id: 'shown',
    account: 'shown',
    secret: 'hidden',
    url: 'shown',
    serverName: 'shown',
    automatic: 'shown',
  },
  redirections: undefined,
  deliveries: undefined,
  adoptionWindows: undefined,
  webhooks: {
    id: 'shown',
    url: (url: string) => origins([url])[0],
    events: 'shown',
    sites: 'shown',
    enabled: 'shown',
    secret: 'hidden',
  },
  deskEvents: undefined,
  policies: {
    id: 'shown',
    secondDevice: 'shown',
    longestMinutes: 'shown',
    idleMinutes: 'shown',
    endsAt: 'shown',
  },
};

/** Undefined: nothing that anybody is told of. Of a document that stays, the fields that differ. */
export function recordChange(
  collection: CollectionName,
  id: string,
  before: object | undefined,
  after: object | undefined,
): AuditChange | undefined {
  const fields: Readonly<Record<string, Show>> | undefined = shownFields[collection];
  if (fields === undefined) return undefined;
  const names = Object.keys(fields).filter((name) => !isEqual(field(before, name), field(after, name)));
  if (names.length === 0) return undefined;
  const shownId = collection === 'enrolTokens' ? hidden : id;
  const part = (document: object | undefined) =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = field(document, name);
        return value === undefined ? [] : [[name, show(fields[name] ?? 'hidden', value)]];
      }),
    );
  return {
    collection,
    id: shownId,
    ...(before !== undefined && { before: part(before) }),
    ...(after !== undefined && { after: part(after) }),
  };
}

function show(how: Show, value: unknown): unknown {
  if (how === 'shown') return value;
  return how === 'hidden' ? hidden : how(value as never);
}

const field = (document: object | undefined, name: string): unknown =>
  document === undefined ? undefined : Reflect.get(document, name);

const isEqual = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
