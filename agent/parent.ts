/**
 * The parent that watches the agent: it holds the phones' sockets while one
 * version follows another, and brings the old one back when the new one does not
 * reach the controller in time. It reads nothing from a phone or the network.
 *
 * Sockets are handed over by Node's own cluster: what the agent binds is opened
 * here and shared with it, so it stays open, and a packet that comes meanwhile
 * waits in it, as long as one version has it. What is for one call alone (RTP) is
 * bound by the agent itself and goes with it.
 *
 *     old runs ── upgrade ──▶ new: listening ──▶ old: stop, and it ends ──▶ new: dial ──▶ up: kept
 *                                  │ not, or it ended                          │ not in time, or it ended
 *                                  ▼                                           ▼
 *                             old runs on; refused                 old: listening ─▶ new ends ─▶ old: dial; refused
 */

import cluster, { type Worker } from 'node:cluster';
import type { Clock } from '#protocol/clock.ts';
import type { SdNotify } from '#protocol/sd-notify.ts';
import { keepCurrent, keepRefusal, type Offer } from './bundles.ts';
import type { ToAgent, ToParent } from './channel.ts';
import type { Log } from './tunnel.ts';

export type ParentOptions = {
  data: string;
  /** The agent's program and its arguments. */
  program: string;
  argv: readonly string[];
  /** How long a new version has to reach the controller. */
  patienceMs: number;
  clock: Clock;
  notify: SdNotify;
  log: Log;
};

export type Parent = {
  /** Resolves with the agent's exit code, when it ended by itself or by `stop`. */
  readonly ended: Promise<number>;
  stop(): void;
  /** The agent reads its configuration again. */
  reload(): void;
};

/** How long one that is told to stop has for it. */
const stopMs = 15_000;
/** How long one that ran before may take to start. */
const startMs = 60_000;
/** Heard of within that: it is well. */
const aliveMs = 30_000;

type Child = {
  worker: Worker;
  exited: Promise<number>;
  file: string;
  isListening: boolean;
  /** Called for while it could not hear of it. */
  isReloadDue: boolean;
};

export function startParent(options: ParentOptions): Parent {
  const { data, clock, notify, log } = options;
  // Who binds gets the socket itself: nothing passes through here.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  let end: (code: number) => void = () => {};
  const ended = new Promise<number>((resolve) => {
    end = resolve;
  });
  let isStopping = false;
  let isChanging = false;
  let heardAt = clock.now();
  const children = new Set<Child>();
  let current = start(options.program);

  function start(file: string): Child {
    cluster.setupPrimary({ exec: file, args: [...options.argv] });
    const worker = cluster.fork();
    const exited = new Promise<number>((resolve) => {
      worker.once('exit', (code: number | null) => resolve(code ?? 1));
      // A word of ours or of the cluster's that it did not live to hear; without a pid it never lived.
      worker.on('error', (err) => {
        log.warn({ err }, 'the agent was not reached');
        if (worker.process.pid === undefined) resolve(1);
      });
    });
    const child: Child = { worker, exited, file, isListening: false, isReloadDue: false };
    children.add(child);
    worker.on('message', (message: ToParent) => {
      if (message.type === 'listening') hears(child);
      if (child === current) take(message, child);
    });
    void exited.then((code) => {
      children.delete(child);
      if (child === current && !isChanging) end(isStopping ? 0 : code || 1);
    });
    return child;
  }

  function hears(child: Child): void {
    child.isListening = true;
    if (child.isReloadDue) child.worker.process.kill('SIGHUP');
    child.isReloadDue = false;
  }

  function take(message: ToParent, child: Child): void {
    heardAt = clock.now();
    if (message.type === 'listening' && !isChanging) {
      tell(child, { type: 'dial' });
      notify.tell('READY=1');
    } else if (message.type === 'up') notify.tell('STATUS=the tunnel is up');
    else if (message.type === 'down') notify.tell('STATUS=the tunnel is down');
    else if (message.type === 'upgrade' && !isChanging && !isStopping) {
      isChanging = true;
      change(message.offer, message.file)
        .catch((err: unknown) => {
          log.error({ err }, 'change of version failed');
          end(1);
        })
        .finally(() => {
          isChanging = false;
          // It ended meanwhile, of itself or because all is to stop.
          if (current.worker.isDead()) end(isStopping ? 0 : 1);
        });
    }
  }

  const tell = ({ worker }: Child, message: ToAgent) => {
    // One that has just ended does not hear it; `exited` tells.
    if (worker.isConnected()) worker.send(message, () => {});
  };

  /** True when it said so in time and did not end before. */
  async function says(child: Child, type: ToParent['type'], withinMs: number): Promise<boolean> {
    let cancel = () => {};
    let said: (value: boolean) => void = () => {};
    const listener = (message: ToParent) => message.type === type && said(true);
    const answer = new Promise<boolean>((resolve) => {
      said = resolve;
      cancel = clock.after(withinMs, () => resolve(false));
      void child.exited.then(() => resolve(false));
      child.worker.on('message', listener);
    });
    try {
      return await answer;
    } finally {
      cancel();
      child.worker.off('message', listener);
    }
  }

  async function stop(child: Child): Promise<void> {
    tell(child, { type: 'stop' });
    const cancel = clock.after(stopMs, () => child.worker.process.kill('SIGKILL'));
    await child.exited;
    cancel();
  }

  async function kill(child: Child): Promise<void> {
    child.worker.process.kill('SIGKILL');
    await child.exited;
  }

  async function change(offer: Offer, file: string): Promise<void> {
    const old = current;
    log.info({ version: offer.version }, 'a new version starts');
    const next = start(file);
    if (!(await says(next, 'listening', options.patienceMs))) return await giveUp(next, offer);
    await stop(old);
    current = next;
    const up = says(next, 'up', options.patienceMs);
    tell(next, { type: 'dial' });
    const isUp = await up;
    if (isStopping) return;
    if (!isUp) return await rollBack(old, next, offer);
    await onDisk(keepCurrent(data, offer));
    notify.tell('STATUS=the tunnel is up');
    log.info({ version: offer.version }, 'the new version is kept');
  }

  /** The old one never stopped. */
  async function giveUp(next: Child, offer: Offer): Promise<void> {
    await kill(next);
    if (isStopping) return;
    const reason = 'it did not start';
    await refuse(offer, reason);
    tell(current, { type: 'refused', reason });
  }

  /** The old one has the sockets before the new one lets go of them. */
  async function rollBack(old: Child, next: Child, offer: Offer): Promise<void> {
    await refuse(offer, 'it did not reach the controller in time');
    if (isStopping) return;
    const back = start(old.file);
    const isBack = await says(back, 'listening', startMs);
    if (isStopping) return;
    if (!isBack) return end(1);
    await kill(next);
    current = back;
    tell(back, { type: 'dial' });
    notify.tell('STATUS=the old version is back');
  }

  async function refuse({ version, signature }: Offer, reason: string): Promise<void> {
    log.error({ version, reason }, 'the new version is refused; the old one goes on');
    await onDisk(keepRefusal(data, { version, signature, reason }));
  }

  /** A disk that is full does not end what runs: after a restart it may be tried again. */
  const onDisk = (written: Promise<void>) =>
    written.catch((err: unknown) => log.error({ err }, 'what became of the new version is not kept'));

  notify.keepWatch(() => clock.now() - heardAt < aliveMs);
  return {
    ended,
    reload() {
      // Before it listens to signals one would end it.
      if (current.isListening) current.worker.process.kill('SIGHUP');
      else current.isReloadDue = true;
    },
    stop() {
      if (isStopping) return;
      isStopping = true;
      for (const child of children) {
        // A terminal or a service manager may have signalled it already, and a second signal does not wait.
        if (child.isListening) void stop(child);
        else child.worker.process.kill('SIGTERM');
      }
    },
  };
}
