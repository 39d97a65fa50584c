/**
 * /trace: what phones, agents and upstreams say in SIP, for some minutes.
 *
 *     GET    /trace                             → {until, contains, messages, dropped}
 *     POST   /trace {minutes, contains?, hep?}  → 201 the same; what was kept before is gone
 *     DELETE /trace                             → 204; what was kept stays
 *     GET    /trace/messages                    → {items: [{at, direction, by, transport, local, remote, text}]}
 *     GET    /trace/pcap                        → a file for Wireshark
 *
 * Secrets are masked in it (controller/sip/trace.ts); numbers and names are not.
 */

import { z } from 'zod';
import { hostPort } from '#controller/model/model.ts';
import type { Trace } from '#controller/model/ports.ts';
import { formatHostPort } from '#protocol/address.ts';
import { moment, type Route, route } from './route.ts';

export type TraceDeps = { trace: Trace };

const maxMinutes = 60;
const pcapType = 'application/vnd.tcpdump.pcap';

const start = z.strictObject({
  minutes: z.int().min(1).max(maxMinutes).default(10),
  contains: z.string().min(1).max(128).optional(),
  hep: hostPort.optional(),
});
const status = z.strictObject({
  until: moment.nullable(),
  contains: z.string().nullable(),
  messages: z.int(),
  dropped: z.int(),
});
const shown = z.strictObject({
  at: moment,
  direction: z.enum(['in', 'out']),
  by: z.string(),
  transport: z.enum(['udp', 'tcp', 'tls']),
  local: z.string(),
  remote: z.string(),
  text: z.string(),
});

export function traceRoutes({ trace }: TraceDeps): Route[] {
  const own = { access: 'admin', tag: 'trace' } as const;
  return [
    route(
      { ...own, method: 'get', path: '/trace', summary: 'Whether SIP is traced', answer: status },
      toStatus,
    ),
    route(
      {
        ...own,
        method: 'post',
        path: '/trace',
        summary: 'Trace SIP for some minutes',
        body: start,
        answer: status,
        status: 201,
      },
      ({ body: { minutes, contains, hep } }) => {
        trace.start({ minutes, ...(contains !== undefined && { contains }), ...(hep && { hep }) });
        return toStatus();
      },
    ),
    route({ ...own, method: 'delete', path: '/trace', summary: 'Trace no more' }, () => trace.stop()),
    route(
      {
        ...own,
        method: 'get',
        path: '/trace/messages',
        summary: 'What was traced',
        answer: z.strictObject({ items: z.array(shown) }),
      },
      () => ({
        items: trace.messages().map(({ at, local, remote, bytes, ...rest }) => ({
          at: new Date(at).toISOString(),
          ...rest,
          local: formatHostPort(local),
          remote: formatHostPort(remote),
          text: bytes.toString(),
        })),
      }),
    ),
    route(
      {
        ...own,
        method: 'get',
        path: '/trace/pcap',
        summary: 'What was traced, for Wireshark',
        answer: { type: pcapType },
      },
      ({ c }) => c.body(trace.capture(), 200, { 'content-type': pcapType }),
    ),
  ];

  function toStatus(): z.infer<typeof status> {
    const { until, contains = null, messages, dropped } = trace.status();
    return { until: until === undefined ? null : new Date(until).toISOString(), contains, messages, dropped };
  }
}
