/**
 * /agents: the edge processes, and the one-time tokens they enrol with.
 *
 *     GET    /agents                 → {items: [{id, site, isUp, version, sip, http, flows, …}]}
 *     GET    /agents/:id
 *     DELETE /agents/:id             → 204, revoked: its tunnel is closed
 *     GET    /enrol-tokens           → {items: [{id, site, expiresAt, spentAt}]}
 *     POST   /enrol-tokens {site}    → 201 {site, token}: good for 10 minutes, the only time it is shown
 *     GET    /enrol-tokens/:id
 *     DELETE /enrol-tokens/:id       → 204, not good any more
 */

import { Hono } from 'hono';
import { z } from 'zod';
import { type Agent, type EnrolToken, siteId } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import { missing, readBody } from './read.ts';

/** What this room asks of controller/tunnel. */
export interface Agents {
  createEnrolToken(site: string): Promise<string>;
  revoke(agent: string): Promise<void>;
  agents(): readonly AgentState[];
}

export type AgentState = {
  agent: string;
  isUp: boolean;
  version?: string | undefined;
  sip?: HostPort | undefined;
  sipTcp?: HostPort | undefined;
  sipTls?: HostPort | undefined;
  http?: HostPort | undefined;
  flows: number;
  latencyMs?: number | undefined;
};

export function agentRoutes({ store, hub }: { store: Store; hub: Agents }): Hono {
  return new Hono()
    .get('/', (c) => {
      const states = new Map(hub.agents().map((state) => [state.agent, state]));
      return c.json({ items: store.list('agents').map((agent) => toJson(agent, states.get(agent.id))) });
    })
    .get('/:id', (c) => {
      const id = c.req.param('id');
      const agent = store.get('agents', id);
      if (agent === undefined) throw missing('agent', id);
      return c.json(
        toJson(
          agent,
          hub.agents().find((state) => state.agent === id),
        ),
      );
    })
    .delete('/:id', async (c) => {
      const id = c.req.param('id');
      if (store.get('agents', id) === undefined) throw missing('agent', id);
      await hub.revoke(id);
      return c.body(null, 204);
    });
}

const enrolment = z.strictObject({ site: siteId });

export function enrolTokenRoutes({ store, hub }: { store: Store; hub: Agents }): Hono {
  function find(id: string): EnrolToken {
    const found = store.get('enrolTokens', id);
    if (found === undefined) throw missing('enrol-token', id);
    return found;
  }

  return new Hono()
    .get('/', (c) => c.json({ items: store.list('enrolTokens').map(tokenToJson) }))
    .post('/', async (c) => {
      const { site } = await readBody(enrolment, c);
      if (store.get('sites', site) === undefined) throw missing('site', site);
      return c.json({ site, token: await hub.createEnrolToken(site) }, 201);
    })
    .get('/:id', (c) => c.json(tokenToJson(find(c.req.param('id')))))
    .delete('/:id', async (c) => {
      const { id } = find(c.req.param('id'));
      await store.commit([{ type: 'delete', collection: 'enrolTokens', id }]);
      return c.body(null, 204);
    });
}

/** The id is a hash of the secret part: it opens nothing. */
const tokenToJson = ({ id, site, expiresAt, spentAt }: EnrolToken) => ({
  id,
  site,
  expiresAt: new Date(expiresAt).toISOString(),
  spentAt: spentAt && new Date(spentAt).toISOString(),
});

function toJson({ id, site, enrolledAt, revokedAt }: Agent, state: AgentState | undefined): object {
  return {
    id,
    site,
    isUp: state?.isUp ?? false,
    version: state?.version,
    sip: state?.sip && formatHostPort(state.sip),
    sipTcp: state?.sipTcp && formatHostPort(state.sipTcp),
    sipTls: state?.sipTls && formatHostPort(state.sipTls),
    http: state?.http && formatHostPort(state.http),
    flows: state?.flows ?? 0,
    latencyMs: state?.latencyMs && Math.round(state.latencyMs * 10) / 10,
    enrolledAt: new Date(enrolledAt).toISOString(),
    revokedAt: revokedAt && new Date(revokedAt).toISOString(),
  };
}
