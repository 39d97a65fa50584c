/** Where agents come in. */

import type { Flow } from '#controller/model/model.ts';
import type { Flows, MediaPorts, RelayedAnswer, RelayedRequest, Store } from '#controller/model/ports.ts';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';

export type Log = Record<'debug' | 'info' | 'warn' | 'error', (facts: object, message: string) => void>;

export type HubOptions = {
  listen: HostPort;
  /** The data folder: tls.key and tls.crt, made on first start. */
  folder: string;
  store: Store;
  clock: Clock;
  log: Log;
  onSip(flow: Flow, bytes: Uint8Array): void;
  onHttp(request: RelayedRequest): Promise<RelayedAnswer>;
  /** No TLS here: behind a TLS proxy, or on loopback. */
  plain?: boolean;
  pingMs?: number;
  deadMs?: number;
  gapMs?: number;
};

export type AgentSummary = {
  agent: string;
  site: string;
  isUp: boolean;
  version?: string;
  sip?: HostPort;
  http?: HostPort;
  flows: number;
  latencyMs?: number;
};

export interface Hub extends Flows, MediaPorts {
  readonly address: HostPort;
  /** base64url SHA-256 of the SPKI of our public key. */
  readonly pin: string;
  /** The printable one-time token; throws `not.found` when there is no such site. */
  createEnrolToken(site: string): Promise<string>;
  /** Its tunnel is closed when this resolves; throws `not.found`. */
  revoke(agent: string): Promise<void>;
  agents(): AgentSummary[];
  close(): Promise<void>;
}

export async function listenHub(_: HubOptions): Promise<Hub> {
  throw new Fault('unavailable', 'not yet');
}
