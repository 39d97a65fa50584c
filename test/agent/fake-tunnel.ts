/** A tunnel that is up, or down, as the test says, and keeps what it is given. */

import type { AgentTunnel, Log, TunnelAnswer, TunnelRequest } from '#agent/tunnel.ts';
import type { ControlMessage } from '#protocol/tunnel/control.ts';

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export type FakeTunnel = AgentTunnel & {
  isUp: boolean;
  /** What `sip` answers. */
  takes: boolean;
  readonly controls: ControlMessage[];
  readonly sips: { flow: number; text: string }[];
  readonly rtps: { stream: number; packet: Uint8Array }[];
  readonly requests: TunnelRequest[];
  answer(request: TunnelRequest): Promise<TunnelAnswer>;
};

export function createFakeTunnel(): FakeTunnel {
  const tunnel: FakeTunnel = {
    isUp: true,
    counters: { unknownControl: 0 },
    takes: true,
    controls: [],
    sips: [],
    rtps: [],
    requests: [],
    answer: () => Promise.resolve(toAnswer(404, '')),
    control(message) {
      tunnel.controls.push(message);
    },
    sip(flow, bytes) {
      if (tunnel.takes) tunnel.sips.push({ flow, text: Buffer.from(bytes).toString('latin1') });
      return tunnel.takes;
    },
    rtp(stream, packet) {
      tunnel.rtps.push({ stream, packet });
    },
    request(request) {
      tunnel.requests.push(request);
      return tunnel.answer(request);
    },
    close: () => Promise.resolve(),
  };
  return tunnel;
}

export function toAnswer(status: number, body: string, headers: Record<string, string> = {}): TunnelAnswer {
  return {
    status,
    headers,
    body: (async function* () {
      if (body !== '') yield Buffer.from(body);
    })(),
  };
}
