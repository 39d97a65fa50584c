/**
 * The flows of one agent: number on the link ⇄ path to a phone. The agent gives
 * the odd numbers, we the even ones. A path that was known before a restart, by
 * a binding in the store, is found again by its key, not by its number.
 */

import type { Flow } from '#controller/model/model.ts';
import type { FlowKey } from '#controller/model/ports.ts';
import { formatHostPort } from '#protocol/address.ts';
import { Fault } from '#protocol/fault.ts';
import type { FlowOpening } from '#protocol/tunnel/control.ts';

export const maxFlows = 4_096;

const keys = new WeakMap<Flow, FlowKey>();

/** Made once for each flow object: the hot path sends along the same few thousand. */
export function flowKey(flow: Flow): FlowKey {
  const known = keys.get(flow);
  if (known !== undefined) return known;
  const { agent, transport, local, remote } = flow;
  const key = `${agent} ${transport} ${formatHostPort(local)} ${formatHostPort(remote)}`;
  keys.set(flow, key);
  return key;
}

export class FlowTable {
  readonly #agent: string;
  readonly #site: string;
  #byNumber = new Map<number, Flow>();
  #byKey = new Map<FlowKey, number>();
  #lastEven = 0;

  constructor({ agent, site }: { agent: string; site: string }) {
    this.#agent = agent;
    this.#site = site;
  }

  get size(): number {
    return this.#byNumber.size;
  }

  get(number: number): Flow | undefined {
    return this.#byNumber.get(number);
  }

  numberOf(flow: Flow): number | undefined {
    return this.#byKey.get(flowKey(flow));
  }

  /** The agent's whole table after a new epoch. */
  replace(openings: readonly FlowOpening[]): void {
    this.clear();
    for (const opening of openings) this.#add(opening);
  }

  /** False: the table is full. Throws `frame.malformed` for a number that is not the agent's to give. */
  opened(opening: FlowOpening): boolean {
    if (this.#byNumber.has(opening.flow)) throw outOfContract('a flow number in use');
    return this.#add(opening);
  }

  /** Gives a number of ours to a path; undefined when the table is full. */
  create(flow: Flow): number | undefined {
    if (this.size >= maxFlows) return undefined;
    this.#lastEven += 2;
    this.#keep(this.#lastEven, flow);
    return this.#lastEven;
  }

  closed(number: number): void {
    const flow = this.#byNumber.get(number);
    if (flow === undefined) return;
    this.#byNumber.delete(number);
    if (this.#byKey.get(flowKey(flow)) === number) this.#byKey.delete(flowKey(flow));
  }

  clear(): void {
    this.#byNumber = new Map();
    this.#byKey = new Map();
    this.#lastEven = 0;
  }

  #add({ flow: number, transport, local, remote }: FlowOpening): boolean {
    if (this.size >= maxFlows) return false;
    // In a snapshot there are numbers that a controller gave before it was restarted.
    if (number % 2 === 0) this.#lastEven = Math.max(this.#lastEven, number);
    // Agent and site are what the link is authenticated for, whatever it says.
    this.#keep(number, { agent: this.#agent, site: this.#site, transport, local, remote });
    return true;
  }

  #keep(number: number, flow: Flow): void {
    this.#byNumber.set(number, flow);
    this.#byKey.set(flowKey(flow), number);
  }
}

const outOfContract = (why: string) => new Fault('frame.malformed', `out of contract: ${why}`);
