/**
 * The flows of one agent: which number names which path. A path is a local
 * socket and a remote address; over TCP and TLS it is one connection and ends
 * with it. The agent takes odd numbers, the controller even ones, and a number
 * names one path only for as long as it lives.
 *
 * The table is bounded. When it is full the path longest unused goes: one that
 * never registered if there is any, so that a flood of strangers cannot push
 * the phones out; else a registered one, so that nobody can fill it for good.
 */

import { formatHostPort } from '#protocol/address.ts';
import type { FlowOpening } from '#protocol/tunnel/control.ts';

export type Path = Pick<FlowOpening, 'transport' | 'local' | 'remote'>;

export type Flow = FlowOpening & { readonly path: string; usedAt: number; isRegistered: boolean };

export type FlowTableOptions = {
  maxFlows?: number;
  idleMs?: number;
  /** A connection that never registered: it costs more than a row here. */
  strangerMs?: number;
  /** We gave a path up, and its number with it. */
  onClose(flow: Flow): void;
};

const lastNumber = 0xffff_fffd;

export const pathOf = ({ transport, local, remote }: Path) =>
  `${transport} ${formatHostPort(local)} ${formatHostPort(remote)}`;

export class FlowTable {
  readonly #maxFlows: number;
  readonly #idleMs: number;
  readonly #strangerMs: number;
  readonly #onClose: (flow: Flow) => void;
  readonly #byPath = new Map<string, Flow>();
  readonly #byNumber = new Map<number, Flow>();
  /** Both in order of use, the longest unused first. */
  readonly #strangers = new Set<Flow>();
  readonly #registered = new Set<Flow>();
  #next = 1;

  constructor({ maxFlows = 4_096, idleMs = 3_600_000, strangerMs = 120_000, onClose }: FlowTableOptions) {
    this.#maxFlows = maxFlows;
    this.#idleMs = idleMs;
    this.#strangerMs = strangerMs;
    this.#onClose = onClose;
  }

  get size(): number {
    return this.#byNumber.size;
  }

  find = (path: string) => this.#byPath.get(path);
  get = (number: number) => this.#byNumber.get(number);
  all = () => [...this.#byNumber.values()];

  /** `number` is given for a flow of the controller's: it then names this path and no other. */
  add({ transport, local, remote }: Path, now: number, number = this.#takeNumber()): Flow {
    const path = pathOf({ transport, local, remote });
    const sameNumber = this.#byNumber.get(number);
    if (sameNumber !== undefined) this.remove(sameNumber);
    const samePath = this.#byPath.get(path);
    if (samePath !== undefined) this.close(samePath);
    if (this.size >= this.#maxFlows) {
      const [longest] = this.#strangers.size > 0 ? this.#strangers : this.#registered;
      if (longest !== undefined) this.close(longest);
    }
    const flow: Flow = {
      flow: number,
      transport,
      local,
      remote,
      path,
      usedAt: now,
      isRegistered: false,
    };
    this.#byPath.set(path, flow);
    this.#byNumber.set(number, flow);
    this.#strangers.add(flow);
    return flow;
  }

  touch(flow: Flow, now: number): void {
    const set = this.#setOf(flow);
    set.delete(flow);
    set.add(flow);
    flow.usedAt = now;
  }

  /** The controller accepted a REGISTER over it. */
  markRegistered(flow: Flow): void {
    if (flow.isRegistered) return;
    this.#strangers.delete(flow);
    flow.isRegistered = true;
    this.#registered.add(flow);
  }

  /** Tells nobody: the controller closed it, or gave its number to another path. */
  remove(flow: Flow): boolean {
    if (!this.#byNumber.delete(flow.flow)) return false;
    this.#byPath.delete(flow.path);
    return this.#setOf(flow).delete(flow);
  }

  close(flow: Flow): void {
    if (this.remove(flow)) this.#onClose(flow);
  }

  closeIdle(now: number): void {
    for (const set of [this.#strangers, this.#registered]) {
      for (const flow of set) {
        const idleMs = now - flow.usedAt;
        if (idleMs >= this.#idleMs || (isStrange(flow) && idleMs >= this.#strangerMs)) this.close(flow);
      }
    }
  }

  #setOf = (flow: Flow) => (flow.isRegistered ? this.#registered : this.#strangers);

  #takeNumber(): number {
    let number = this.#next;
    while (this.#byNumber.has(number)) number = following(number);
    this.#next = following(number);
    return number;
  }
}

const isStrange = ({ transport, isRegistered }: Flow) => transport !== 'udp' && !isRegistered;

const following = (number: number) => (number >= lastNumber ? 1 : number + 2);
