/**
 * /agents: the edge processes, and the one-time tokens they enrol with.
 *
 *     GET    /agents                 → {items: [{id, site, isUp, version, sip, http, flows, …}]}
 *     GET    /agents/:id
 *     PATCH  /agents/:id {name}      → agent
 *     DELETE /agents/:id             → 204, revoked: its tunnel is closed
 *     GET    /enrol-tokens           → {items: [{id, site, expiresAt, spentAt}]}
 *     POST   /enrol-tokens {site}    → 201 {site, token, installLine}: good for 10 minutes, shown once
 *     GET    /enrol-tokens/:id
 *     DELETE /enrol-tokens/:id       → 204, not good any more
 */

import { z } from 'zod';
import { type Agent, displayName, type EnrolToken, siteId } from '#controller/model/model.ts';
import type { Kept, Store } from '#controller/model/ports.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import type { CallDeps } from './calls.ts';
import { listing } from './list.ts';
import { expected, missing, patched, tag } from './read.ts';
import { listOf, moment, type Route, route } from './route.ts';

/** What this room asks of controller/tunnel. */
export interface Agents {
  createEnrolToken(site: string): Promise<string>;
  installLine(token: string): string;
  revoke(agent: string): Promise<void>;
  agents(): readonly AgentState[];
}

export type AgentState = {
  agent: string;
  isUp: boolean;
  version?: string | undefined;
  upgrade?: { version: string; state: string; reason?: string | undefined } | undefined;
  sip?: HostPort | undefined;
  sipTcp?: HostPort | undefined;
  sipTls?: HostPort | undefined;
  http?: HostPort | undefined;
  https?: HostPort | undefined;
  flows: number;
  latencyMs?: number | undefined;
  load?: { cpu: number; memory: number } | undefined;
};

export type AgentDeps = CallDeps & { store: Store; hub: Agents; clock: Clock };

const shownAgent = z.strictObject({
  id: z.string(),
  site: siteId,
  name: displayName.optional(),
  isUp: z.boolean(),
  version: z.string().optional(),
  upgrade: z
    .strictObject({ version: z.string(), state: z.string(), reason: z.string().optional() })
    .optional(),
  sip: z.string().optional(),
  sipTcp: z.string().optional(),
  sipTls: z.string().optional(),
  http: z.string().optional(),
  https: z.string().optional(),
  flows: z.number(),
  /** Registered through it. */
  phones: z.number(),
  /** In progress, with an end that is reached through it. */
  calls: z.number(),
  /** Per cent of one core, and bytes. */
  cpu: z.number().optional(),
  memory: z.number().optional(),
  latencyMs: z.number().optional(),
  enrolledAt: moment,
  revokedAt: moment.optional(),
});

const naming = z.strictObject({ name: displayName.optional() });

export function agentRoutes({ store, hub, clock, calls }: AgentDeps): Route[] {
  const stateOf = (id: string) => hub.agents().find((state) => state.agent === id);
  /** By agent. */
  function inUse(): (agent: string) => InUse {
    const counts = new Map<string, InUse>();
    const of = (agent: string) => counts.get(agent) ?? { phones: 0, calls: 0 };
    for (const { flow, expiresAt } of store.list('bindings')) {
      const { phones, ...rest } = of(flow.agent);
      if (expiresAt > clock.wall()) counts.set(flow.agent, { ...rest, phones: phones + 1 });
    }
    for (const call of calls()) {
      if (call.endedAt !== undefined) continue;
      for (const agent of call.agents ?? []) counts.set(agent, { ...of(agent), calls: of(agent).calls + 1 });
    }
    return of;
  }

  const agents = listing<Agent, 'id' | 'site' | 'name' | 'isUp'>({
    id: ({ id }) => id,
    site: ({ site }) => site,
    fields: {
      id: ({ id }) => id,
      site: ({ site }) => site,
      name: ({ name }) => name,
      isUp: ({ id }) => stateOf(id)?.isUp ?? false,
    },
  });

  function find(id: string): Kept<Agent> {
    const found = store.get('agents', id);
    if (found === undefined) throw missing('agent', id);
    return found;
  }

  return [
    route(
      {
        method: 'get',
        path: '/agents',
        access: 'readOnly',
        tag: 'agents',
        summary: 'All agents',
        query: agents.query,
        answer: listOf(shownAgent),
      },
      ({ c, query }) => {
        const of = inUse();
        return agents.page(c, query, store.list('agents'), (agent) =>
          toJson(agent, stateOf(agent.id), of(agent.id)),
        );
      },
    ),
    route(
      {
        method: 'get',
        path: '/agents/{id}',
        access: 'readOnly',
        tag: 'agents',
        summary: 'One agent',
        answer: shownAgent,
      },
      ({ c, params: { id } }) => {
        const found = find(id);
        tag(c, found);
        return toJson(found, stateOf(id), inUse()(id));
      },
    ),
    route(
      {
        method: 'patch',
        path: '/agents/{id}',
        access: 'siteAdmin',
        tag: 'agents',
        summary: 'Name an agent',
        patch: naming,
        answer: shownAgent,
      },
      async ({ c, params: { id }, body }) => {
        const { revision, name: before, ...rest } = find(id);
        const { name } = patched(naming, body, before === undefined ? {} : { name: before }, { id: 'id' });
        const value: Agent = { ...rest, ...(name !== undefined && { name }) };
        await store.commit([{ type: 'put', collection: 'agents', value, expect: expected(c, { revision }) }]);
        const made = find(id);
        tag(c, made);
        return toJson(made, stateOf(id), inUse()(id));
      },
    ),
    route(
      {
        method: 'delete',
        path: '/agents/{id}',
        access: 'siteAdmin',
        tag: 'agents',
        summary: 'Revoke an agent; its tunnel is closed',
      },
      async ({ c, params: { id } }) => {
        expected(c, find(id));
        await hub.revoke(id);
      },
    ),
  ];
}

const enrolment = z.strictObject({ site: siteId });

const shownToken = z.strictObject({
  id: z.string(),
  site: siteId,
  expiresAt: moment,
  spentAt: moment.optional(),
});

const tokens = listing<EnrolToken, 'site' | 'expiresAt'>({
  id: ({ id }) => id,
  site: ({ site }) => site,
  fields: { site: ({ site }) => site, expiresAt: ({ expiresAt }) => expiresAt },
});

export function enrolTokenRoutes({ store, hub }: { store: Store; hub: Agents }): Route[] {
  function find(id: string): Kept<EnrolToken> {
    const found = store.get('enrolTokens', id);
    if (found === undefined) throw missing('enrol-token', id);
    return found;
  }

  return [
    route(
      {
        method: 'get',
        path: '/enrol-tokens',
        access: 'siteAdmin',
        tag: 'agents',
        summary: 'All enrolment tokens',
        query: tokens.query,
        answer: listOf(shownToken),
      },
      ({ c, query }) => tokens.page(c, query, store.list('enrolTokens'), tokenToJson),
    ),
    route(
      {
        method: 'post',
        path: '/enrol-tokens',
        access: 'siteAdmin',
        tag: 'agents',
        summary: 'Make an enrolment token; it is shown once',
        body: enrolment,
        answer: z.strictObject({ site: siteId, token: z.string(), installLine: z.string() }),
        status: 201,
      },
      async ({ body: { site } }) => {
        if (store.get('sites', site) === undefined) throw missing('site', site);
        const token = await hub.createEnrolToken(site);
        return { site, token, installLine: hub.installLine(token) };
      },
    ),
    route(
      {
        method: 'get',
        path: '/enrol-tokens/{id}',
        access: 'siteAdmin',
        tag: 'agents',
        summary: 'One enrolment token',
        answer: shownToken,
      },
      ({ c, params }) => {
        const found = find(params.id);
        tag(c, found);
        return tokenToJson(found);
      },
    ),
    route(
      {
        method: 'delete',
        path: '/enrol-tokens/{id}',
        access: 'siteAdmin',
        tag: 'agents',
        summary: 'Remove an enrolment token',
      },
      async ({ c, params: { id } }) => {
        const expect = expected(c, find(id));
        await store.commit([{ type: 'delete', collection: 'enrolTokens', id, expect }]);
      },
    ),
  ];
}

/** The id is a hash of the secret part: it opens nothing. */
const tokenToJson = ({ id, site, expiresAt, spentAt }: EnrolToken) => ({
  id,
  site,
  expiresAt: new Date(expiresAt).toISOString(),
  spentAt: spentAt === undefined ? undefined : new Date(spentAt).toISOString(),
});

type InUse = { phones: number; calls: number };

function toJson(
  { id, site, name, enrolledAt, revokedAt }: Agent,
  state: AgentState | undefined,
  { phones, calls }: InUse,
) {
  return {
    id,
    site,
    name,
    isUp: state?.isUp ?? false,
    version: state?.version,
    upgrade: state?.upgrade,
    sip: state?.sip && formatHostPort(state.sip),
    sipTcp: state?.sipTcp && formatHostPort(state.sipTcp),
    sipTls: state?.sipTls && formatHostPort(state.sipTls),
    http: state?.http && formatHostPort(state.http),
    https: state?.https && formatHostPort(state.https),
    flows: state?.flows ?? 0,
    phones,
    calls,
    cpu: state?.load?.cpu,
    memory: state?.load?.memory,
    latencyMs: state?.latencyMs && Math.round(state.latencyMs * 10) / 10,
    enrolledAt: new Date(enrolledAt).toISOString(),
    revokedAt: revokedAt === undefined ? undefined : new Date(revokedAt).toISOString(),
  };
}
