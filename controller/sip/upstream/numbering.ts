/**
 * CSeq numbers towards an upstream (RFC 3261 12.2.1.1). Each challenge that we
 * answer ourselves costs a number the phone knows nothing of, so from then on
 * the numbers upstream are ahead of the phone's:
 *
 *     phone                us                  PBX
 *     INVITE 1         →   INVITE 1        →
 *                      ←   407             ←   challenge, answered here
 *                          INVITE 2        →
 *     200 (1)          ←                   ←   200 (2)
 *     ACK 1            →   ACK 2           →
 *     PRACK 2, RAck 1  →   PRACK 3, RAck 2 →   an ACK and a RAck name the number of *their* INVITE
 *     BYE 3            →   BYE 4           →
 *
 * Memory of it can be lost: by a restart, by the bound of the table. What the
 * Record-Route token carries is the offset at the dialog's beginning; later
 * challenges are not in it. So a dialog taken up again leaves a gap instead,
 * which RFC 3261 12.2.2 allows, large enough that no later number was used.
 *
 * Pure: each step answers with the next `Numbering`.
 */

export type Numbering = {
  /** What is added to the phone's numbers. */
  readonly offset: number;
  /** What was, when the dialog began: for an INVITE that is not in `invites`. */
  readonly first: number;
  /** `tag asked` of the last INVITEs → the number each had in the end. */
  readonly invites: ReadonlyMap<string, number>;
};

/** A request of the phone's side, in its own numbers. */
export type Asked = {
  method: string;
  /** Of the phone's end: a call that rang several phones has a space of numbers for each. */
  tag: string;
  cseq: number;
  /** Of PRACK: the INVITE that its RAck names. */
  rack?: number;
};

export type Numbered = { numbering: Numbering; cseq: number; rack?: number };

const maxInvites = 8;
/** RFC 3261 8.1.1.5. */
const maxCseq = 2 ** 31 - 1;

export const freshNumbering: Numbering = { offset: 0, first: 0, invites: new Map() };

/** A dialog that nobody remembers. `gap` grows with time, so that it does after each restart. */
export const resumedNumbering = (first: number, gap: number): Numbering => ({
  offset: first + gap,
  first,
  invites: new Map(),
});

/** The numbers of a request on its way up. */
export function numberRequest(numbering: Numbering, asked: Asked): Numbered {
  if (asked.method === 'ACK') return { numbering, cseq: inviteNumber(numbering, asked.tag, asked.cseq) };
  const cseq = add(asked.cseq, numbering.offset);
  const rack = asked.rack === undefined ? {} : { rack: inviteNumber(numbering, asked.tag, asked.rack) };
  return { numbering: remember(numbering, asked, cseq), cseq, ...rack };
}

/** The same request again, with the answer to a challenge: one more than any before it. */
export const numberAgain = (numbering: Numbering, asked: Asked): Numbered =>
  numberRequest({ ...numbering, offset: numbering.offset + 1 }, asked);

const inviteNumber = ({ invites, first }: Numbering, tag: string, asked: number) =>
  invites.get(`${tag} ${asked}`) ?? add(asked, first);

function remember(numbering: Numbering, { method, tag, cseq }: Asked, sent: number): Numbering {
  if (method !== 'INVITE') return numbering;
  const key = `${tag} ${cseq}`;
  const kept = [...numbering.invites].filter(([each]) => each !== key).slice(1 - maxInvites);
  return { ...numbering, invites: new Map([...kept, [key, sent]]) };
}

/** A phone that begins near the end of all numbers gets no gap it could fall over. */
const add = (cseq: number, offset: number) => (cseq + offset > maxCseq ? cseq + 1 : cseq + offset);
