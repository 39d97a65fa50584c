/** What the agent and the parent that watches it (./parent.ts) say to each other. */

import cluster from 'node:cluster';
import * as z from 'zod';
import type { Offer } from './bundles.ts';

export type ToParent =
  /** Its sockets are open; it may dial when it is told. */
  | { type: 'listening' }
  /** The tunnel is up. */
  | { type: 'up' }
  /** The tunnel is down. */
  | { type: 'down' }
  /** Its event loop turns. */
  | { type: 'alive' }
  | { type: 'upgrade'; file: string; offer: Offer };

const toAgent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('dial') }),
  z.object({ type: z.literal('stop') }),
  /** The new version did not start: this one goes on. */
  z.object({ type: z.literal('refused'), reason: z.string() }),
]);

export type ToAgent = z.infer<typeof toAgent>;

export type Channel = { tell(message: ToParent): void; onMessage(take: (message: ToAgent) => void): void };

/** Undefined: nobody watches. */
export function openChannel(): Channel | undefined {
  const { worker } = cluster;
  if (worker === undefined) return undefined;
  return {
    tell(message) {
      // A parent that has just ended does not hear it; its end ends this one too.
      if (worker.isConnected()) worker.send(message, () => {});
    },
    onMessage(take) {
      worker.on('message', (message: unknown) => {
        const read = toAgent.safeParse(message);
        if (read.success) take(read.data);
      });
    },
  };
}
