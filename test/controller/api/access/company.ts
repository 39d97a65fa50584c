/** Two sites with everything in them, and somebody of every role who asks. */

import { createHash } from 'node:crypto';
import { site, upstream } from '#controller/model/model.ts';
import type { Change } from '#controller/model/ports.ts';
import { createApiWorld } from '#test/controller/api/world.ts';

export const host = '127.0.0.1:8480';

const tokenOf = {
  readOnly: { role: 'readOnly' },
  parisAdmin: { role: 'siteAdmin', sites: ['paris'] },
  berlinAdmin: { role: 'siteAdmin', sites: ['berlin'] },
  admin: { role: 'admin' },
  owner: { role: 'owner' },
} as const;

export type Asker = 'nobody' | 'user' | 'otherUser' | keyof typeof tokenOf;
export const askers = ['nobody', 'otherUser', 'user', ...Object.keys(tokenOf)] as Asker[];

export const setupToken = 't'.repeat(43);

export const ids = {
  agent: 'a'.repeat(16),
  enrolToken: 'b'.repeat(64),
  token: 'c'.repeat(16),
  webhook: 'e'.repeat(16),
};

const device = { vendor: 'yealink', model: 'T46S', generation: 1, confirmedGeneration: 0 };

const kept: Change[] = [
  { type: 'put', collection: 'sites', value: site.parse({ id: 'paris' }) },
  { type: 'put', collection: 'sites', value: site.parse({ id: 'rome' }) },
  {
    type: 'put',
    collection: 'users',
    value: { extension: '101', name: 'Ben', hotdesk: true, keys: [], pinHash: 'scrypt:canary' },
  },
  {
    type: 'put',
    collection: 'devices',
    value: { ...device, id: 'HD0002', mac: '001565aabb02', site: 'paris' },
  },
  {
    type: 'put',
    collection: 'devices',
    value: { ...device, id: 'HD0003', mac: '001565aabb03', site: 'berlin' },
  },
  {
    type: 'put',
    collection: 'sessions',
    value: { device: 'HD0001', extension: '100', since: 0, how: 'dial' },
  },
  {
    type: 'put',
    collection: 'agents',
    value: { id: ids.agent, site: 'berlin', publicKey: 'k'.repeat(43), enrolledAt: 0 },
  },
  { type: 'put', collection: 'enrolTokens', value: { id: ids.enrolToken, site: 'berlin', expiresAt: 1e12 } },
  {
    type: 'put',
    collection: 'apiTokens',
    value: { id: ids.token, name: 'old', hash: 'd'.repeat(64), createdAt: 0, role: 'readOnly' },
  },
  {
    type: 'put',
    collection: 'upstreams',
    value: upstream.parse({
      ...{ id: 'pbx', mode: 'register', addresses: [{ address: '192.0.2.1', port: 5060 }] },
      authentication: 'digest',
    }),
  },
  {
    type: 'put',
    collection: 'webhooks',
    value: { id: ids.webhook, url: 'https://x.example/', events: ['login'], enabled: true, secret: 'sealed' },
  },
  {
    type: 'put',
    collection: 'accounts',
    value: { name: 'anna', role: 'admin', passwordHash: 'scrypt:canary', createdAt: 0 },
  },
  {
    type: 'put',
    collection: 'setupLinks',
    value: { id: 'setup', hash: createHash('sha256').update(setupToken).digest('hex'), expiresAt: 1e15 },
  },
  {
    type: 'put',
    collection: 'redirectionServices',
    value: { id: 'yealink-rps', account: 'us', secret: 'sealed', automatic: false },
  },
];

export async function createCompany() {
  const world = createApiWorld({ access: { type: 'token', hosts: new Set([host]) } });
  const { deps, store } = world;
  await store.commit(kept);
  deps.provisioning.maskedConfigOf = () => ({ contentType: 'text/plain', etag: 'e', text: '' });
  deps.unknownPhones.list = () => [
    {
      ...{ agent: ids.agent, site: 'berlin', mac: '001565aabb99', by: 'pnp', lastSeen: 0 },
      ...{ maker: 'yealink', known: 'T46S', vendor: 'Yealink', model: 'T46S', version: '1' },
      remote: { address: '192.0.2.9', port: 5060 },
    },
  ];
  const headersOf: Record<string, Record<string, string>> = { nobody: { host } };
  for (const [name, id] of [
    ['user', '100'],
    ['otherUser', '101'],
  ] as const) {
    const cookie = await deps.signIns.begin({ type: 'user', id }, 'scrypt:canary');
    headersOf[name] = { host, origin: `http://${host}`, cookie: `hotdesk=${cookie}` };
  }
  for (const [index, [name, scope]] of Object.entries(tokenOf).entries()) {
    const id = String(index).repeat(16);
    const token = `hdt_${id}_${'x'.repeat(43)}`;
    const hash = createHash('sha256').update(token).digest('hex');
    const value = {
      id,
      name,
      hash,
      createdAt: 0,
      role: scope.role,
      ...('sites' in scope && { sites: [...scope.sites] }),
    };
    await store.commit([{ type: 'put', collection: 'apiTokens', value }]);
    headersOf[name] = { host, authorization: `Bearer ${token}` };
  }
  return { ...world, headersOf: headersOf as Record<Asker, Record<string, string>> };
}
