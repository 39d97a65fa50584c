/**
 * A dialog-info body (RFC 4235 4) as a PBX writes it. Pure.
 *
 * Tolerant of what PBXs do: any namespace prefix, unknown elements and
 * attributes, no direction, no remote side. Strict about what could cost: so
 * many bytes, so deep, so many dialogs; no DOCTYPE, hence no entities but the
 * five of XML and characters by number. What is longer than a phone shows is cut.
 */

export type FarDialog = {
  id: string;
  state: 'trying' | 'proceeding' | 'early' | 'confirmed' | 'terminated';
  direction: 'initiator' | 'recipient' | undefined;
  /** The other side, as a user part, and what it is called. */
  remote: string | undefined;
  display: string | undefined;
};

/** `isFull`: all there is; else what has changed (RFC 4235 4.1.1). */
export type FarInfo = { isFull: boolean; dialogs: readonly FarDialog[] };

type Name = { name: string; attributes: ReadonlyMap<string, string> };
type Open = { id: string; direction: string; state: string; remote: string; target: string; display: string };

const maxBytes = 32 * 1_024;
const maxDepth = 16;
export const maxFarDialogs = 16;
const maxChars = 64;
const states: ReadonlySet<string> = new Set(['trying', 'proceeding', 'early', 'confirmed', 'terminated']);

/** A comment, a processing instruction, a CDATA section, a tag, or text. */
const token =
  /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|<(\/?)([A-Za-z_][\w.:-]*)((?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const attribute = /([A-Za-z_][\w.:-]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g;

/** Undefined: it is none, or not one to be read. */
export function readDialogInfo(body: Uint8Array): FarInfo | undefined {
  if (body.byteLength > maxBytes) return undefined;
  const xml = Buffer.from(body)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  const reader = createReader();
  token.lastIndex = 0;
  while (token.lastIndex < xml.length) {
    const found = token.exec(xml);
    if (found === null) return undefined;
    reader.take(found);
    if (reader.isBroken) return undefined;
  }
  return reader.end();
}

function createReader() {
  const path: string[] = [];
  const dialogs: Open[] = [];
  let root: Name | undefined;

  function open(element: Name): void {
    if (path.length === maxDepth || (path.length === 0 && root !== undefined)) reader.isBroken = true;
    root ??= element;
    path.push(element.name);
    if (path.join('/') === 'dialog-info/dialog') dialogs.push(opened(element));
    else enter(dialogs.at(-1), path, element);
  }

  function close(name: string): void {
    if (path.pop() !== name) reader.isBroken = true;
  }

  const reader = {
    isBroken: false,
    take([, cdata, slash, name, attributes = '', isEmpty, text]: readonly (string | undefined)[]) {
      if (name === undefined) {
        take(dialogs.at(-1), path, cdata ?? plain(text ?? ''));
        return;
      }
      if (slash !== '/') open({ name: localName(name), attributes: attributesIn(attributes) });
      if (slash === '/' || isEmpty === '/') close(localName(name));
    },
    end(): FarInfo | undefined {
      if (root?.name !== 'dialog-info' || path.length > 0) return undefined;
      const known = dialogs.map(closed).filter(isKnown).slice(0, maxFarDialogs);
      return { isFull: root.attributes.get('state') !== 'partial', dialogs: known };
    },
  };
  return reader;
}

const opened = ({ attributes }: Name): Open => ({
  id: attributes.get('id') ?? '',
  direction: attributes.get('direction') ?? '',
  ...{ state: '', remote: '', target: '', display: '' },
});

function enter(dialog: Open | undefined, path: readonly string[], { attributes }: Name): void {
  if (dialog === undefined) return;
  const where = path.join('/');
  if (where === 'dialog-info/dialog/remote/identity') dialog.display = attributes.get('display') ?? '';
  if (where === 'dialog-info/dialog/remote/target') dialog.target = attributes.get('uri') ?? '';
}

function take(dialog: Open | undefined, path: readonly string[], text: string): void {
  if (dialog === undefined) return;
  const where = path.join('/');
  if (where === 'dialog-info/dialog/state') dialog.state += text;
  if (where === 'dialog-info/dialog/remote/identity') dialog.remote += text;
}

function closed({ id, direction, state, remote, target, display }: Open): Omit<FarDialog, 'state'> & {
  state: string;
} {
  const shown = display.replace(/[\p{Cc}\p{Cf}]/gu, '').trim();
  return {
    id: id.slice(0, maxChars),
    state: state.trim(),
    direction: direction === 'initiator' || direction === 'recipient' ? direction : undefined,
    remote: userIn(remote) ?? userIn(target),
    display: shown === '' ? undefined : shown.slice(0, maxChars),
  };
}

const isKnown = (dialog: { id: string; state: string }): dialog is FarDialog =>
  dialog.id !== '' && states.has(dialog.state);

/** Letters, digits and marks as they stand, so that nothing of it means anything in a URI of ours. */
const userIn = (uri: string) =>
  /^\s*(?:sips?:([\w.!~*'()+-]{1,64})@|tel:(\+?[0-9*#.-]{1,32}))/i.exec(uri)?.slice(1).find(Boolean);

const localName = (qualified: string) => qualified.slice(qualified.indexOf(':') + 1);

const attributesIn = (text: string): ReadonlyMap<string, string> =>
  new Map(
    [...text.matchAll(attribute)].map(([, name = '', double, single]) => [
      localName(name),
      plain(double ?? single ?? ''),
    ]),
  );

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Once, and never what came out of it. */
const plain = (text: string) =>
  text.replace(/&(?:(amp|lt|gt|quot|apos)|#([0-9]{1,7})|#x([0-9a-f]{1,6}));/gi, (_, name, decimal, hex) =>
    name === undefined ? characterAt(Number(decimal ?? `0x${hex}`)) : (named[name.toLowerCase()] ?? ''),
  );

const characterAt = (code: number) =>
  code > 0 && code <= 0x10_ff_ff && (code < 0xd8_00 || code > 0xdf_ff)
    ? String.fromCodePoint(code)
    : '\uFFFD';
