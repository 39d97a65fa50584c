/**
 * Reads the XML that phones are given, strictly, and knows nothing of its writers:
 * elements, attributes in double quotes, text and the five entities. Anything else
 * (a comment, a CDATA section, a stray `<` or `&`, a tag that closes another) throws.
 */

import * as assert from 'uvu/assert';

export type Element = {
  name: string;
  attributes: Record<string, string>;
  children: Element[];
  text: string;
};

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

export function readXml(text: string): Element {
  const declaration = /^<\?xml version="1\.0" encoding="utf-8"\?>\n/i.exec(text)?.[0];
  assert.ok(declaration, 'begins with an XML declaration');
  const token = /<(\/?)([A-Za-z_][\w.-]*)((?:\s+[\w.-]+="[^"<]*")*)\s*(\/?)>|([^<]+)/gy;
  token.lastIndex = declaration.length;
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  while (token.lastIndex < text.length) {
    const from = token.lastIndex;
    const match = token.exec(text);
    assert.ok(match, `not XML from: ${text.slice(from, from + 60)}`);
    const [, closes, name = '', attributes = '', isEmpty, chars] = match;
    const top = open.at(-1) ?? root;
    if (chars !== undefined) top.text += decode(chars);
    else if (closes === '/') assert.is(open.pop()?.name, name, 'a tag closes the one that is open');
    else {
      const element = { name, attributes: readAttributes(attributes), children: [], text: '' };
      top.children.push(element);
      if (isEmpty === '') open.push(element);
    }
  }
  assert.is(open.length, 1, 'every tag is closed');
  const [only, ...more] = root.children;
  assert.ok(only !== undefined && more.length === 0 && root.text.trim() === '', 'one root');
  return only;
}

function readAttributes(text: string): Record<string, string> {
  const attributes: Record<string, string> = {};
  for (const [, name = '', value = ''] of text.matchAll(/([\w.-]+)="([^"]*)"/g)) {
    assert.not(name in attributes, `said twice: ${name}`);
    attributes[name] = decode(value);
  }
  return attributes;
}

function decode(text: string): string {
  return text.replace(/&([^;]*);?/g, (whole, name: string) => {
    const character = whole.endsWith(';') ? entities[name] : undefined;
    assert.ok(character, `no entity: ${whole}`);
    return character;
  });
}
