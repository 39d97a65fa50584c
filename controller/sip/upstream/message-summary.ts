/**
 * The body of a voicemail lamp (RFC 3842 5.2), read tolerantly and written
 * strictly: a phone gets what is known here, in our words, with its own account.
 *
 *     Messages-Waiting: yes
 *     Message-Account: sip:100@192.0.2.1
 *     Voice-Message: 2/8 (0/2)          new/old (urgent new/urgent old)
 */

export type Summary = {
  isWaiting: boolean;
  /** `Voice-Message` and its like → as written above. */
  counts: ReadonlyMap<string, string>;
};

export const summaryType = 'application/simple-message-summary';
export const noMessages: Summary = { isWaiting: false, counts: new Map() };

const classes = ['Voice', 'Fax', 'Pager', 'Multimedia', 'Text', 'None'].map((name) => `${name}-Message`);
const count = /^\d{1,6}\/\d{1,6}(?:\s*\(\d{1,6}\/\d{1,6}\))?$/;
const maxLines = 32;

/** Undefined: it does not say whether there is a message. */
export function parseSummary(body: Uint8Array): Summary | undefined {
  let isWaiting: boolean | undefined;
  const counts = new Map<string, string>();
  for (const line of Buffer.from(body).toString('latin1').split(/\r?\n/).slice(0, maxLines)) {
    const [, name = '', rest = ''] = /^([A-Za-z-]{1,32})\s*:(.*)$/.exec(line) ?? [];
    const value = rest.trim();
    if (/^messages-waiting$/i.test(name) && /^(?:yes|no)$/i.test(value)) isWaiting ??= /^yes$/i.test(value);
    const known = classes.find((each) => each.toLowerCase() === name.toLowerCase());
    if (known !== undefined && count.test(value)) counts.set(known, value);
  }
  return isWaiting === undefined ? undefined : { isWaiting, counts };
}

export function formatSummary({ isWaiting, counts }: Summary, account: string): Uint8Array {
  const lines = [`Messages-Waiting: ${isWaiting ? 'yes' : 'no'}`, `Message-Account: ${account}`];
  for (const [name, value] of counts) lines.push(`${name}: ${value}`);
  return Buffer.from(`${lines.join('\r\n')}\r\n`);
}

export const isSameSummary = (a: Summary | undefined, b: Summary) =>
  a !== undefined && Buffer.compare(formatSummary(a, ''), formatSummary(b, '')) === 0;
