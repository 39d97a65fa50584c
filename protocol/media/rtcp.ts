/**
 * RTCP (RFC 3550 6.4), as far as a relay reads it: what each side says of the
 * packets it got. Compound packets are walked part by part.
 *
 *      0                   1                   2                   3
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |V=2|P|   RC    |   PT 200/201  |     words after this one      |
 *     |                     SSRC of the sender                        |
 *     |   200 only: 20 bytes of sender's times and counts             |
 *     |   RC blocks: SSRC, lost u8 + i24, highest u32, jitter u32, 8  |
 *
 * Under SRTP the blocks are encrypted: nobody is to be asked then.
 */

export type ReceptionBlock = {
  /** Whose packets these are about. */
  ssrc: number;
  /** Since the beginning; negative when duplicates came. */
  lost: number;
  /** In units of the payload's clock. */
  jitter: number;
};

/** Sender and receiver reports: where their blocks begin. */
const blocksAt: Readonly<Record<number, number>> = { 200: 28, 201: 8 };
const blockBytes = 24;
/** RC has five bits. */
const maxParts = 32;

/** RFC 5761 4: by its second byte RTCP is told apart where it shares a port with RTP. */
export function isRtcp(packet: Uint8Array): boolean {
  const second = packet[1] ?? 0;
  return second >= 192 && second <= 223 && packet.length >= 8 && (packet[0] ?? 0) >> 6 === 2;
}

/** What is cut short ends the walk; what came before it counts. */
export function readReceptionBlocks(packet: Uint8Array): ReceptionBlock[] {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  const blocks: ReceptionBlock[] = [];
  let at = 0;
  for (let part = 0; part < maxParts && at + 8 <= packet.length; part++) {
    const end = at + 4 * (view.getUint16(at + 2) + 1);
    if (view.getUint8(at) >> 6 !== 2 || end > packet.length) break;
    const first = blocksAt[view.getUint8(at + 1)];
    if (first !== undefined) readBlocks(view, { at, from: at + first, end }, blocks);
    at = end;
  }
  return blocks;
}

function readBlocks(
  view: DataView,
  { at, from, end }: { at: number; from: number; end: number },
  into: ReceptionBlock[],
): void {
  const count = view.getUint8(at) & 0b1_1111;
  for (
    let start = from;
    start < from + count * blockBytes && start + blockBytes <= end;
    start += blockBytes
  ) {
    into.push({
      ssrc: view.getUint32(start),
      lost: (view.getInt32(start + 4) << 8) >> 8,
      jitter: view.getUint32(start + 12),
    });
  }
}
