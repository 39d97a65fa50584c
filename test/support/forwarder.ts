/**
 * A TCP way that can be broken: cut (both ends are told), held (bytes vanish,
 * and nobody is told), or dark (held, and nothing new gets through either). It
 * may stand still, too: then all arrives later.
 */

import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Forwarder = {
  readonly port: number;
  readonly connections: number;
  cut(): void;
  /** Bytes of the connections there are now vanish; later ones are carried. */
  hold(): void;
  /** While true what is sent waits. */
  isStill: boolean;
  /** While true nothing gets through, old or new; after that only new connections do. */
  isDark: boolean;
  close(): Promise<void>;
};

export async function openForwarder(target: number): Promise<Forwarder> {
  const open = new Set<Socket>();
  let connections = 0;
  let isDark = false;
  let isStill = false;
  const server = createServer((near) => {
    connections++;
    if (isDark) {
      open.add(near);
      near.on('error', () => {}).on('close', () => open.delete(near));
      near.resume();
      return;
    }
    const far = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one);
      one.on('data', (bytes) => other.write(bytes));
      one.on('error', () => {});
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const forwarder: Forwarder = {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    cut() {
      for (const socket of open) socket.resetAndDestroy();
    },
    hold() {
      for (const socket of open) socket.removeAllListeners('data').on('data', () => {});
    },
    get isStill() {
      return isStill;
    },
    set isStill(value) {
      isStill = value;
      for (const socket of open) socket[value ? 'pause' : 'resume']();
    },
    get isDark() {
      return isDark;
    },
    set isDark(value) {
      if (value) forwarder.hold();
      isDark = value;
    },
    async close() {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
  return forwarder;
}
