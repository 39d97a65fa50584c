/**
 * /metrics, in Prometheus' text format 0.0.4, with the same token as the API.
 *
 *     hotdesk_events_total{name="sip.foreignAor"}            every counter of /counters
 *     hotdesk_sessions, hotdesk_bindings                     who sits somewhere, phones registered
 *     hotdesk_agent_up{site, agent}, hotdesk_agent_latency_seconds
 *     hotdesk_calls{media="direct|agent|controller"}         in progress
 *     hotdesk_change_overs_total{vendor, model, outcome}     `active`, and those that were `stuck` meanwhile
 *     hotdesk_change_over_seconds{vendor, model, of}         `min`, `median` of the last hundred, `max`
 *     hotdesk_stream_packets{call, from, to, kind}           of each stream of those that we carry,
 *       _lost_packets, _jitter_seconds                       one a direction
 */

import type { Context } from 'hono';
import type { ChangeOvers, Store } from '#controller/model/ports.ts';
import type { Clock } from '#protocol/clock.ts';
import type { Agents } from './agents.ts';
import type { CallDeps, CallStream } from './calls.ts';
import { type Counts, flat } from './counters.ts';

export type MetricsDeps = CallDeps & {
  store: Store;
  hub: Pick<Agents, 'agents'>;
  counters(): Counts;
  changeOvers: Pick<ChangeOvers, 'times'>;
  clock: Clock;
};

type Sample = [labels: Record<string, string>, value: number];
type Metric = { name: string; type: 'counter' | 'gauge'; help: string; samples: Sample[] };

export function metrics(
  { store, hub, calls, counters, changeOvers, clock }: MetricsDeps,
  c: Context,
): Response {
  const agents = hub.agents();
  const live = calls().filter(({ endedAt }) => endedAt === undefined);
  const each = (value: (stream: CallStream) => number): Sample[] =>
    live.flatMap(({ id, streams }) =>
      streams.map(
        (stream): Sample => [
          { call: id, from: stream.from, to: stream.to, kind: stream.kind },
          value(stream),
        ],
      ),
    );
  const times = changeOvers.times();
  const siteOf = (agent: string) => store.get('agents', agent)?.site ?? '';
  const now = clock.wall();
  const text = format([
    {
      name: 'hotdesk_events_total',
      type: 'counter',
      help: 'What was done, refused and dropped since the start.',
      samples: flat(counters()).map(({ name, count }) => [{ name }, count]),
    },
    gauge('hotdesk_sessions', 'People logged in at a phone.', [[{}, store.list('sessions').length]]),
    gauge('hotdesk_bindings', 'Phones registered.', [
      [{}, store.list('bindings').filter(({ expiresAt }) => expiresAt > now).length],
    ]),
    gauge(
      'hotdesk_agent_up',
      'Whether an agent has its tunnel up.',
      agents.map(({ agent, isUp }) => [{ agent, site: siteOf(agent) }, isUp ? 1 : 0]),
    ),
    gauge(
      'hotdesk_agent_latency_seconds',
      'Round trip to an agent.',
      agents.flatMap(({ agent, latencyMs }): Sample[] =>
        latencyMs === undefined ? [] : [[{ agent, site: siteOf(agent) }, latencyMs / 1_000]],
      ),
    ),
    gauge(
      'hotdesk_calls',
      'Calls in progress, by the way of their media.',
      ways.map((media): Sample => [{ media }, live.filter((call) => call.media === media).length]),
    ),
    {
      name: 'hotdesk_change_overs_total',
      type: 'counter',
      help: 'Phones that came to show their session, and those that took too long.',
      samples: times.flatMap(({ vendor, model, count, stuck }): Sample[] => [
        [{ vendor, model, outcome: 'active' }, count],
        [{ vendor, model, outcome: 'stuck' }, stuck],
      ]),
    },
    gauge(
      'hotdesk_change_over_seconds',
      'From the commit of a session to a phone that shows it.',
      times
        .filter(({ count }) => count > 0)
        .flatMap(({ vendor, model, minMs, medianMs, maxMs }) =>
          Object.entries({ min: minMs, median: medianMs, max: maxMs }).map(
            ([of, ms]): Sample => [{ vendor, model, of }, ms / 1_000],
          ),
        ),
    ),
    gauge(
      'hotdesk_stream_packets',
      'Packets that came, of calls in progress.',
      each(({ packets }) => packets),
    ),
    gauge(
      'hotdesk_stream_lost_packets',
      'Packets missing by their numbers.',
      each(({ lost }) => lost),
    ),
    gauge(
      'hotdesk_stream_jitter_seconds',
      'RFC 3550 jitter.',
      each(({ jitterMs }) => jitterMs / 1_000),
    ),
  ]);
  return c.body(text, 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' });
}

const ways = ['direct', 'agent', 'controller'] as const;

function gauge(name: string, help: string, samples: Sample[]): Metric {
  return { name, type: 'gauge', help, samples };
}

function format(all: readonly Metric[]): string {
  return all
    .flatMap(({ name, type, help, samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(([labels, value]) => `${name}${formatLabels(labels)} ${value}`),
    ])
    .map((line) => `${line}\n`)
    .join('');
}

function formatLabels(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${quote(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

const quote = (value: string) =>
  value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
