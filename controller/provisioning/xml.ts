/**
 * The one writer of XML for phones: what goes into a text or an attribute is
 * made one line and escaped here, so nothing in a name can make a setting.
 * Names of elements and attributes are constants of whoever calls.
 */

import { toLine } from './vendor.ts';

export type Value = string | number;
export type Element = readonly [
  name: string,
  content: Value | readonly Element[],
  attributes?: Readonly<Record<string, Value>>,
];

export const xmlHead = '<?xml version="1.0" encoding="utf-8"?>\n';

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export function toXml(value: Value): string {
  return toLine(value).replace(/[&<>"]/g, (character) => entities[character] ?? '');
}

/** A whole file, indented by one blank a level; many attributes have a line each. */
export function formatXml(root: Element): string {
  return `${xmlHead}${lines(root, '').join('\n')}\n`;
}

function lines([name, content, attributes = {}]: Element, indent: string): string[] {
  const said = Object.entries(attributes).map(([key, value]) => `${key}="${toXml(value)}"`);
  const between = said.length > 4 ? `\n${indent} ` : ' ';
  const open = [`${indent}<${name}`, ...said].join(between);
  if (typeof content !== 'object') return [`${open}>${toXml(content)}</${name}>`];
  if (content.length === 0) return [`${open}/>`];
  return [`${open}>`, ...content.flatMap((child) => lines(child, `${indent} `)), `${indent}</${name}>`];
}
