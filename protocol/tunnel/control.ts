/**
 * Control messages: JSON, on channel 0 of the signal link, in order with the SIP
 * and HTTP frames there, so that a flow is known before its first message.
 *
 *     agent → controller                      controller → agent
 *       status   where it listens               flow.open    make a flow (even number)
 *       flows    every flow it has, after        flow.close
 *                a new epoch                     media.open   lend an RTP port
 *       flow.open, flow.close  (odd numbers)     media.remote, media.close
 *       media.opened, media.failed              certificate  for the `tlsKey` of a status
 *       media.report                            closing      the controller stops; calls go on
 *                                               release      for `upgrades` in a status: a newer version
 *                                               upgrade      to it, now
 *       heard    a phone that asks the LAN       hear         for `hears` in a status: say what you hear
 *                                               offer        where a phone that was heard has its config
 *                                               who          whose MAC is at an address: `heard`, when it is known
 *
 * A type that is not known is counted and means nothing: so version N talks with N - 1 and N + 1.
 * Those of before closed the tunnel. So `hear` goes only to an agent whose status says `hears`,
 * `heard` only to a controller that said `hear`, `offer` answers a `heard`, `release` goes only
 * where the status says `upgrades`, and `who` only where it says `seesNeighbours`; only its answer is
 * `heard` by `sip`.
 *
 * A number is never used for two flows or two streams in one epoch. To change a
 * message, add a field that old peers may miss, or raise `protocolVersion`.
 */

import * as z from 'zod';
import { Fault } from '#protocol/fault.ts';
import { maxManifestChars, releaseSignature, versionText } from './release.ts';

const port = z.int().min(0).max(65_535);
const hostPort = z.object({ address: z.union([z.ipv4(), z.ipv6()]), port });
const number = z.int().min(1).max(0xffff_ffff);
const transport = z.enum(['udp', 'tcp', 'tls']);

/** One path to a phone, as the agent numbers it. `local` is the agent's own socket. */
export const flowOpening = z.object({ flow: number, transport, local: hostPort, remote: hostPort });

/** As protocol/media/stream.ts has them; an old agent may miss them, and then carries voice without RTCP. */
const streamTerms = z.object({
  rtcpPort: port.optional(),
  carries: z.enum(['rtp', 'datagram']).optional(),
  packetsPerSecond: z.int().min(1).max(5_000).optional(),
});

const mac = z.string().regex(/^[0-9a-f]{12}$/);
/** What a phone says of itself, as it says it. */
const word = z.string().min(1).max(64);
const said = { vendor: word.optional(), model: word.optional(), version: word.optional() };

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const receptionReport = z.object({ packets: count, lost: count, jitterMs: z.number().min(0) });

export const controlMessage = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('status'),
    version: z.string().max(64),
    /** Where phones reach the agent; the first is written into configs. */
    sip: z.array(z.object({ transport, address: hostPort })).max(16),
    http: hostPort,
    /** The same by TLS, with the certificate for `tlsKey`. */
    https: hostPort.optional(),
    /** Base64 SPKI: asks for a certificate of the site's CA, for the TLS addresses above. */
    tlsKey: z
      .string()
      .regex(/^[A-Za-z0-9+/]{64,2000}={0,2}$/)
      .optional(),
    /** It can tell of phones that nobody set up; see above. */
    hears: z.literal(true).optional(),
    /** Per cent of one core, and bytes; said now and then. */
    load: z.object({ cpu: z.number().min(0), memory: z.number().min(0) }).optional(),
    /** It can look into its neighbour table. */
    seesNeighbours: z.literal(true).optional(),
    /** It takes a `release`: something beside it watches, and brings the old one back. */
    upgrades: z.literal(true).optional(),
    /** Of the last release it was told of. */
    upgrade: z
      .object({
        version: versionText,
        state: z.enum(['fetching', 'ready', 'refused', 'rolledBack']),
        reason: z.string().max(256).optional(),
      })
      .optional(),
  }),
  /** PEM: the certificate and its CA. Only to who asked. */
  z.object({ type: z.literal('certificate'), chain: z.string().max(16_384) }),
  z.object({ type: z.literal('flows'), flows: z.array(flowOpening).max(10_000) }),
  flowOpening.extend({ type: z.literal('flow.open') }),
  z.object({ type: z.literal('flow.close'), flow: number }),
  /**
   * `local`: the address phones of this call are told; `remote`: the only source taken and the only target sent
   * to, its port 0 until the phone has said it.
   */
  z.object({
    type: z.literal('media.open'),
    stream: number,
    local: hostPort.shape.address,
    remote: hostPort,
    ...streamTerms.shape,
  }),
  z.object({ type: z.literal('media.opened'), stream: number, local: hostPort }),
  z.object({ type: z.literal('media.failed'), stream: number, reason: z.string().max(256) }),
  /** `join`: the phone's packets go to the phone of that stream of the same agent, not to the controller. */
  z.object({
    type: z.literal('media.remote'),
    stream: number,
    remote: hostPort,
    rtcpPort: streamTerms.shape.rtcpPort,
    join: number.optional(),
  }),
  /** What came from the phone of a joined stream, which the controller does not see. */
  z.object({ type: z.literal('media.report'), stream: number, ...receptionReport.shape }),
  z.object({ type: z.literal('media.close'), stream: number }),
  z.object({ type: z.literal('hear') }),
  z.object({
    type: z.literal('heard'),
    mac,
    ...said,
    by: z.enum(['pnp', 'http', 'sip']),
    remote: hostPort,
  }),
  z.object({ type: z.literal('who'), ...said, remote: hostPort }),
  z.object({ type: z.literal('offer'), mac, url: z.url({ protocol: /^https?$/ }).max(512) }),
  z.object({
    type: z.literal('release'),
    manifest: z.string().max(maxManifestChars),
    signature: releaseSignature,
  }),
  z.object({ type: z.literal('upgrade'), version: versionText }),
  z.object({ type: z.literal('closing'), reason: z.string().max(256) }),
]);

export type ControlMessage = z.infer<typeof controlMessage>;
export type FlowOpening = z.infer<typeof flowOpening>;

/**
 * Undefined for a message out of contract: sent, it would close the tunnel, and
 * close it again each time it is sent again.
 */
export function encodeControl(message: ControlMessage): Uint8Array | undefined {
  if (!controlMessage.safeParse(message).success) return undefined;
  return Buffer.from(JSON.stringify(message));
}

const knownTypes: ReadonlySet<unknown> = new Set(controlMessage.options.map(({ shape }) => shape.type.value));
const unknownMessage = z.object({
  type: z
    .string()
    .max(64)
    .refine((type) => !knownTypes.has(type)),
});

/** Undefined for a type that only a later version knows. Throws `frame.malformed`. */
export function decodeControl(body: Uint8Array): ControlMessage | undefined {
  let json: unknown;
  try {
    json = JSON.parse(Buffer.from(body).toString());
  } catch (cause) {
    throw new Fault('frame.malformed', 'control message is not JSON', {}, { cause });
  }
  const read = controlMessage.safeParse(json);
  if (!read.success && unknownMessage.safeParse(json).success) return undefined;
  if (!read.success) {
    const field = read.error.issues[0]?.path.join('.') ?? '';
    throw new Fault('frame.malformed', `control message is out of contract at "${field}"`, { field });
  }
  return read.data;
}
