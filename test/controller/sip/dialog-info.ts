/**
 * Reads a dialog-info body strictly: what the schema of RFC 4235 asks for and
 * nothing else, so that it holds also where xmllint is not installed.
 */

export type ReadDialog = {
  state: string;
  attributes: Record<string, string>;
  local: { user: string; display: string | undefined } | undefined;
  remote: { user: string; display: string | undefined } | undefined;
};

export type ReadDialogInfo = { version: number; entity: string; dialogs: ReadDialog[] };

const text = '[^<>"&]*(?:&(?:amp|lt|gt|quot|apos);[^<>"&]*)*';
const document = new RegExp(
  `^<\\?xml version="1\\.0" encoding="UTF-8"\\?>\\n<dialog-info xmlns="urn:ietf:params:xml:ns:dialog-info" version="([0-9]+)" state="full" entity="(sip:${text})">\\n([^]*)</dialog-info>\\n$`,
  'u',
);
const dialog = new RegExp(
  `^<dialog((?: (?:id|call-id|local-tag|remote-tag|direction)="${text}")+)>\\n?<state>(trying|proceeding|early|confirmed|terminated)</state>\\n?((?:<local>[^\\n]*</local>\\n<remote>[^\\n]*</remote>\\n)?)</dialog>\\n`,
  'u',
);
const side = new RegExp(
  `<(local|remote)><identity(?: display="(${text})")?>sip:(${text})@${text}</identity><target uri="${text}"/></\\1>`,
  'gu',
);

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const plain = (escaped: string) => escaped.replace(/&(\w+);/g, (_, name: string) => entities[name] ?? '');

export function readDialogInfo(body: Uint8Array): ReadDialogInfo {
  const all = new TextDecoder('utf-8', { fatal: true }).decode(body);
  const found = document.exec(all);
  if (found === null) throw new Error(`no dialog-info:\n${all}`);
  const [, version = '', entity = '', rest = ''] = found;
  return { version: Number(version), entity: plain(entity), dialogs: readDialogs(rest) };
}

function readDialogs(text: string): ReadDialog[] {
  const dialogs: ReadDialog[] = [];
  for (let rest = text; rest !== ''; ) {
    const found = dialog.exec(rest);
    if (found === null) throw new Error(`no dialog:\n${rest}`);
    const [whole, attributes = '', state = '', sides = ''] = found;
    const named = [...attributes.matchAll(/ ([\w-]+)="([^"]*)"/g)];
    const read = new Map(
      [...sides.matchAll(side)].map(([, element = '', display, user = '']) => [
        element,
        { user, display: display === undefined ? undefined : plain(display) },
      ]),
    );
    dialogs.push({
      state,
      attributes: Object.fromEntries(named.map(([, name = '', value = '']) => [name, plain(value)])),
      local: read.get('local'),
      remote: read.get('remote'),
    });
    rest = rest.slice(whole.length);
  }
  return dialogs;
}
