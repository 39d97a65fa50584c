/**
 * /events: what changes, while it does (server-sent events, HTML 9.2).
 *
 *     GET /events      id: 1767225600123
 *                      event: change
 *                      data: {"collection":"devices","id":"HD0001"}
 *
 * It says what to ask for again, at `/<collection>/<id>`, and no more: what is
 * told late is not told wrong. `Last-Event-ID` goes on where the last connection
 * ended; `event: reset` when that is too long ago: then ask for all of it again.
 * A comment every 15 s shows that the line is alive. Who reads too slowly is let
 * go, and so is everybody after ten minutes: a browser comes back by itself,
 * with his `Last-Event-ID`.
 */

import type { Context } from 'hono';
import { type Who, whoOf } from '#controller/api/access/who.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import { concerns, type EventLog, type LoggedEvent } from './event-log.ts';
import { type Route, route } from './route.ts';

export type EventDeps = {
  events: Pick<Streams, 'open'>;
};

export type Streams = {
  open(who: Who, lastId: string | undefined): ReadableStream<Uint8Array>;
  readonly counters: { clients: number; refused: number; letGo: number };
  close(): void;
};

const aliveMs = 15_000;
const maxWaiting = 256;
/** Then who listens has to show again that he may; a browser comes back by itself. */
const longestMs = 600_000;

const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // A proxy that gathers answers would hold back what is to be live.
  'x-accel-buffering': 'no',
};

export function eventRoutes({ events }: EventDeps): Route[] {
  return [
    route(
      {
        method: 'get',
        path: '/events',
        access: 'user',
        tag: 'events',
        summary: 'What changes, while it does',
        answer: { type: 'text/event-stream' },
      },
      ({ c }) => c.body(events.open(whoOf(c), lastIdOf(c)), 200, headers),
    ),
  ];
}

const lastIdOf = (c: Context) => c.req.header('last-event-id');

export function createStreams({
  log,
  clock,
  maxClients = 128,
}: {
  log: EventLog;
  clock: Clock;
  maxClients?: number;
}): Streams {
  const counters = { clients: 0, refused: 0, letGo: 0 };
  const lines = new Set<() => void>();
  const encoder = new TextEncoder();

  return {
    counters,
    open(who, lastId) {
      if (lines.size >= maxClients) {
        counters.refused++;
        throw new Fault('limit.reached', `there are ${maxClients} listeners already`);
      }
      let end = () => {};
      return new ReadableStream<Uint8Array>(
        {
          start(stream) {
            let cancelAlive = () => {};
            const cancelLongest = clock.after(longestMs, () => end());
            const send = (text: string) => {
              if ((stream.desiredSize ?? 0) > 0) stream.enqueue(encoder.encode(text));
              else {
                counters.letGo++;
                end();
              }
            };
            const tell = (event: LoggedEvent) => {
              if (concerns(event, who)) send(format(event));
            };
            const alive = () => {
              cancelAlive = clock.after(aliveMs, alive);
              send(': alive\n\n');
            };
            const unwatch = log.watch(tell);
            end = () => {
              if (!lines.delete(end)) return;
              counters.clients--;
              unwatch();
              cancelAlive();
              cancelLongest();
              try {
                stream.close();
              } catch {
                // The other side was quicker.
              }
            };
            lines.add(end);
            counters.clients++;
            begin(lastId, send, tell);
            alive();
          },
          cancel: () => end(),
        },
        { highWaterMark: maxWaiting },
      );
    },
    close() {
      for (const end of lines) end();
    },
  };

  /** What was missed, or where we are. */
  function begin(
    lastId: string | undefined,
    send: (text: string) => void,
    tell: (event: LoggedEvent) => void,
  ) {
    const missed = lastId === undefined ? [] : log.since(/^\d{1,15}$/.test(lastId) ? Number(lastId) : -1);
    const now = `id: ${log.last}\n`;
    if (missed === undefined) send(`${now}event: reset\ndata: {}\n\n`);
    else if (missed.length === 0) send(`${now}event: hello\ndata: {}\n\n`);
    else if (missed.length >= maxWaiting) send(`${now}event: reset\ndata: {}\n\n`);
    else missed.forEach(tell);
  }
}

const format = ({ number, collection, id }: LoggedEvent) =>
  `id: ${number}\nevent: change\ndata: ${JSON.stringify({ collection, id })}\n\n`;
