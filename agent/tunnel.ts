/** The tunnel as the agent's rooms see it. */

import type { KeyObject } from 'node:crypto';
import type { HostPort } from '#protocol/address.ts';
import type { Clock } from '#protocol/clock.ts';
import { Fault } from '#protocol/fault.ts';
import type { ControlMessage, FlowOpening } from '#protocol/tunnel/control.ts';

export type Log = Record<'debug' | 'info' | 'warn' | 'error', (facts: object, message: string) => void>;

export type AgentStatus = Extract<ControlMessage, { type: 'status' }>;

export type TunnelRequest = {
  method: 'GET' | 'HEAD';
  path: string;
  headers: Record<string, string>;
  remote: HostPort;
  mac?: string;
};

export type TunnelAnswer = {
  status: number;
  headers: Record<string, string>;
  /** Ending the iteration early tells the controller to stop. */
  body: AsyncIterable<Uint8Array>;
};

export type TunnelOptions = {
  controller: URL;
  identity: { agent: string; privateKey: KeyObject };
  /** base64url SHA-256 of the SPKI of the controller's key: any of these is right. */
  pins: readonly string[];
  /** Plain `ws` to an address that is not loopback. */
  allowPlain?: boolean;
  clock: Clock;
  log: Log;
  status(): AgentStatus;
  /** Every flow there is: told to the controller when either side was restarted. */
  flows(): FlowOpening[];
  onControl(message: ControlMessage): void;
  onSip(flow: number, bytes: Uint8Array): void;
  onRtp(stream: number, packet: Uint8Array): void;
  /** `newEpoch`: the controller knows nothing of before; streams of before are gone. */
  onUp(newEpoch: boolean): void;
  onDown(): void;
};

export interface AgentTunnel {
  readonly isUp: boolean;
  control(message: ControlMessage): void;
  /** False: down for longer than the gap, or the queue is full. */
  sip(flow: number, bytes: Uint8Array): boolean;
  rtp(stream: number, packet: Uint8Array): void;
  /** Rejects with `unavailable` or `limit.reached`. */
  request(request: TunnelRequest): Promise<TunnelAnswer>;
  close(): Promise<void>;
}

export function dialTunnel(_: TunnelOptions): AgentTunnel {
  throw new Fault('unavailable', 'not yet');
}
