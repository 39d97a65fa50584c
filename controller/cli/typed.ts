/** What is typed as text and meant as something else. */

import type { Row } from './table.ts';
import { type Call, last } from './verb.ts';

/** `--key blf=101=Ben`, in order; the label may be left out; `none` alone is no keys at all. */
export function keysOf(call: Pick<Call, 'flags'>): Row[] | undefined {
  const texts = call.flags.get('key');
  if (texts?.length === 1 && texts[0] === 'none') return [];
  return texts?.map((text) => {
    const [type, value = '', ...label] = text.split('=');
    return { type, value, label: label.join('=') };
  });
}

/** Left as it is when it is no number, so that the schema names the field. */
export function numberOf(call: Call, name: string): number | string | undefined {
  const text = last(call, name);
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : text;
}
