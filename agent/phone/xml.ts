/**
 * XML as phones read it: elements, attributes, text, comments, CDATA sections.
 * A file that is not well formed is rejected whole, and so is one with a
 * document type: nobody defines entities for a phone.
 */

import { reject } from './make.ts';

export type Element = {
  name: string;
  attributes: ReadonlyMap<string, string>;
  children: Element[];
  text: string;
};

const maxDepth = 32;
const maxElements = 20_000;

const token =
  /<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)\]\]>|<\?[\s\S]*?\?>|<(\/?)([A-Za-z_][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/gy;

/** The root element. Throws `input.invalid`. */
export function parseXml(text: string, file: string): Element {
  const top: Element = { name: '', attributes: new Map(), children: [], text: '' };
  const open = [top];
  const innermost = () => open.at(-1) ?? top;
  let elements = 0;
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  while (at < text.length) {
    token.lastIndex = at;
    const match = token.exec(text);
    if (match === null) throw reject(file, `not XML from "${text.slice(at, at + 20)}"`);
    at = token.lastIndex;
    const [, section, closes, name, attributes = '', isEmpty, characters] = match;
    if (section !== undefined) innermost().text += section;
    else if (characters !== undefined) innermost().text += decode(characters, file);
    else if (closes === '/') close(name);
    else if (name !== undefined) begin(name, attributes, isEmpty === '/');
  }
  const [root, ...more] = top.children;
  if (open.length > 1 || root === undefined || more.length > 0 || top.text.trim() !== '')
    throw reject(file, 'not one whole XML element');
  return root;

  function begin(name: string, attributes: string, isEmpty: boolean): void {
    const element: Element = { name, attributes: readAttributes(attributes, file), children: [], text: '' };
    innermost().children.push(element);
    if (!isEmpty) open.push(element);
    if (open.length > maxDepth || ++elements > maxElements)
      throw reject(file, 'more XML than the phone reads');
  }

  function close(name: string | undefined): void {
    if (open.length < 2 || open.pop()?.name !== name) throw reject(file, `</${name}> closes another element`);
  }
}

function readAttributes(text: string, file: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name = '', double, single = ''] of text.matchAll(
    /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g,
  )) {
    if (attributes.has(name)) throw reject(file, `attribute ${name} is said twice`);
    attributes.set(name, decode(double ?? single, file));
  }
  return attributes;
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decode(text: string, file: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w+))?(;?)/gi, (whole, decimal, hex, name, end) => {
    const code = decimal === undefined ? Number.parseInt(hex ?? '0', 16) : Number(decimal);
    const isCode = code > 0 && code <= 0x10_ff_ff;
    const character = isCode ? String.fromCodePoint(code) : entities[String(name)];
    if (end !== ';' || character === undefined) throw reject(file, `"${whole}" is no entity`);
    return character;
  });
}
