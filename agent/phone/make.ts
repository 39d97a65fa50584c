/**
 * What a make of phone is to the headless phone: which files it asks for, how it
 * reads them, and what their settings make it do. One such object a make, in a
 * file of its name; the table of them is ./makes.ts.
 *
 * Files are deltas: what one does not mention stays in the phone's memory as the
 * last file left it. That is what the real phones do, and what the controller's
 * complete files are tested against.
 */

import { Fault } from '#protocol/fault.ts';

/** What the phone remembers, by names of its make's own. A setting that is absent has the factory's value. */
export type Memory = Map<string, string>;
export type Settings = ReadonlyMap<string, string>;

/** Keys that are numbered together, on pages that each begin again at 1. */
export type KeyArea = readonly [name: string, perPage: number, pages?: number];

export type PhoneModel = {
  name: string;
  /** As the make's own User-Agent has it. */
  firmware: string;
  /** The file that all phones of the model ask for, where there is one. */
  common?: string;
  /** In the order of their positions. */
  keys: readonly KeyArea[];
  /** Lines the phone has. */
  accounts: number;
};

export type ConfigFile = {
  /** In the order of the file; undefined: back to the factory's value. */
  settings: ReadonlyMap<string, string | undefined>;
  /** What to fetch next. */
  includes: readonly string[];
  /** Forget what no file mentions. */
  isOverwriting: boolean;
  /** Whose it says it is. */
  mac?: string;
  /** What is no setting: passed over, as phones do. */
  skipped: number;
  /** Settings said twice: the last counts. */
  repeated: number;
};

export type Account = {
  userName: string;
  authName: string;
  password: string;
  label: string;
  displayName: string;
  server: { host: string; port: number; transport: Transport };
  expiresSeconds: number;
};

export type Transport = 'udp' | 'tcp' | 'tls';

export type Key = { type: string; value: string; label: string };
export type LineKey = { position: number } & Key;

/** `index` on its page and `position` on the whole phone, both from 1. */
export type KeyPlace = { area: string; page: number; index: number; position: number };

export type CheckSync = 'ignore' | 'update' | 'reboot';

export type Make = {
  models: readonly PhoneModel[];
  /** What the phone calls itself in SIP. */
  userAgent(model: PhoneModel): string;
  /** What follows the address in Contact when it registers. */
  contactParams?(mac: string): string;
  /** The User-Agent when it asks for a file. */
  httpUserAgent(model: PhoneModel, mac: string): string;
  /**
   * Names in rows: of each row the first that the server has, and what that one
   * includes. The last row is the phone's own and must be there.
   */
  files(phone: { mac: string; model: PhoneModel; memory: Settings }): readonly (readonly string[])[];
  /** Throws `input.invalid` for a file that the phone rejects as a whole. */
  parse(text: string, name: string): ConfigFile;
  /** The first account, if it is switched on and says where to register. */
  accountOf(memory: Settings): Account | undefined;
  keyAt(memory: Settings, place: KeyPlace, model: PhoneModel): Key;
  /** Undefined: no event of this make's that asks for an update. */
  onCheckSync(memory: Settings, event: string): CheckSync | undefined;
  /** Takes calls and NOTIFYs from its server alone. */
  isCareful(memory: Settings): boolean;
  /** Asks for a credential before it does what a NOTIFY says. */
  asksWho(memory: Settings): boolean;
  /** Name or URL of the authority that a server's certificate must be of. */
  authorityOf(memory: Settings): string | undefined;
};

const maxSettings = 10_000;
const maxIncludes = 16;

/** A file, while it is read. Throws `limit.reached`. */
export class Gathered implements ConfigFile {
  readonly settings = new Map<string, string | undefined>();
  readonly includes: string[] = [];
  isOverwriting = false;
  mac?: string;
  skipped = 0;
  repeated = 0;
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  set(name: string, value: string | undefined): void {
    if (this.settings.has(name)) this.repeated++;
    this.settings.set(name, value);
    if (this.settings.size > maxSettings) throw tooMany(this.#name);
  }

  include(file: string): void {
    if (this.includes.push(file) > maxIncludes) throw tooMany(this.#name);
  }
}

const tooMany = (name: string) =>
  new Fault('limit.reached', `${name}: more settings or includes than the phone has room for`);

export function applySettings(memory: Memory, { settings }: Pick<ConfigFile, 'settings'>): void {
  for (const [key, value] of settings) {
    if (value === undefined) memory.delete(key);
    else memory.set(key, value);
  }
  if (memory.size > maxSettings) throw tooMany('memory');
}

/** By any of the characters that some program takes for a line's end. */
export const linesOf = (text: string): string[] =>
  text.replace(/^\uFEFF/, '').split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/u);

export const reject = (name: string, why: string) =>
  new Fault('input.invalid', `${name}: ${why}`, { field: 'config' });

/** As a file has it; what is absent or wrong has the usual value. */
export type Said = {
  isOn: boolean;
  userName: string;
  authName: string;
  password: string;
  label: string;
  displayName: string;
  host: string;
  port: string;
  transport: Transport | undefined;
  /** In units of so many seconds; 1 unless it is said. */
  expires: string;
  unitSeconds?: number;
};

export function toAccount({ isOn, userName, host, port, transport, ...said }: Said): Account | undefined {
  if (!isOn || userName === '' || host === '') return undefined;
  const unitSeconds = said.unitSeconds ?? 1;
  return {
    userName,
    authName: said.authName || userName,
    password: said.password,
    label: said.label || userName,
    displayName: said.displayName,
    server: { host, port: numberOf(port, 5_060, 65_535), transport: transport ?? 'udp' },
    expiresSeconds: numberOf(said.expires, 3_600 / unitSeconds, 2_147_483_647 / unitSeconds) * unitSeconds,
  };
}

function numberOf(text: string, byDefault: number, most: number): number {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  return number >= 1 && number <= most ? number : byDefault;
}

/** `192.0.2.7:5060`, `[2001:db8::1]:5060`, `pbx.example`. */
export function splitHost(text: string): { host: string; port: string } {
  const [, v6, name = '', port = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? [];
  return { host: v6 ?? name, port };
}

export const isSameAccount = (a: Account | undefined, b: Account | undefined) =>
  JSON.stringify(a) === JSON.stringify(b);

export const noKey: Key = { type: 'none', value: '', label: '' };

/** Every key that shows something. */
export function lineKeysOf(make: Pick<Make, 'keyAt'>, model: PhoneModel, memory: Settings): LineKey[] {
  let position = 0;
  return model.keys
    .flatMap(([area, perPage, pages = 1]) =>
      Array.from({ length: perPage * pages }, (_, at): LineKey => {
        position++;
        const place = { area, page: Math.floor(at / perPage) + 1, index: (at % perPage) + 1, position };
        return { position, ...make.keyAt(memory, place, model) };
      }),
    )
    .filter(({ type }) => type !== 'none');
}

/** What the display says of the account. */
export function toShown(account: Account | undefined): {
  account: string;
  label: string;
  displayName: string;
} {
  const { userName = '', label = '', displayName = '' } = account ?? {};
  return { account: userName, label, displayName };
}

export const saysReboot = (event: string) => /;\s*reboot\s*=\s*true\b/i.test(event);
export const isCheckSync = (event: string) => /^check-sync\b/i.test(event);

/** `001565aabbcc` as `00:15:65:aa:bb:cc`. */
export const spelt = (mac: string, between: string) => mac.replace(/..(?=.)/g, `$&${between}`);

/** The file's name in an URL that a setting holds; empty: it is a folder's. */
export const lastPart = (url: string | undefined) => url?.slice(url.lastIndexOf('/') + 1) ?? '';
