/**
 * Rules: what a schema alone cannot see, because it depends on what else is
 * there. Each is a sentence that names the field, for the person who typed it.
 *
 *     numbers     a phone dials digits and means one thing: so an extension, an
 *                 emergency number and a dial code are never the same
 *     dial codes  logging in is *77* + extension + *, so no other code may begin
 *                 with *7, and what logs out is nobody's extension
 *     devices     one MAC, one device
 */

import { type Device, mac as macSchema, type Site, type User } from '#controller/model/model.ts';
import type { Store } from '#controller/model/ports.ts';
import { Fault } from '#protocol/fault.ts';

type Reads = Pick<Store, 'get' | 'list'>;

/** `00:15:65:AB:CD:EF` and its like, as 12 small hexadecimal digits. Throws `input.invalid`, field `mac`. */
export function readMac(text: string): string {
  const isGrouped = /^(?:[0-9a-f]{2}([:.-]))(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}$/i.test(text);
  const isCisco = /^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$/i.test(text);
  const digits = (isGrouped || isCisco ? text.replace(/[:.-]/g, '') : text).toLowerCase();
  if (!macSchema.safeParse(digits).success) {
    const isNumber = /^\d+(?:[.,]\d+)?(?:E\+?\d+)?$/i.test(text);
    const hint = isNumber
      ? '; a spreadsheet that takes it for a number leaves it alone with colons in it'
      : '';
    throw invalid('mac', `"${text}" is not a MAC address, which has 12 hexadecimal digits${hint}`);
  }
  if (/^[0-9a-f][13579bdf]/.test(digits)) {
    throw invalid('mac', `"${text}" is a group address, which no phone has`);
  }
  if (/^0+$/.test(digits)) throw invalid('mac', 'all zeros is no MAC address of a phone');
  return digits;
}

/** HD and the lowest free number from there on, four digits at least. */
export function nextDeviceId(taken: ReadonlySet<string | undefined>, from = 1): string {
  for (let number = from; ; number++) {
    const id = `HD${String(number).padStart(4, '0')}`;
    if (!taken.has(id)) return id;
  }
}

/** Throws `input.invalid` (field `site`) and `conflict` (field `mac`). */
export function checkDevice(device: Pick<Device, 'id' | 'mac' | 'site'>, store: Reads): void {
  if (store.get('sites', device.site) === undefined) throw invalid('site', `there is no site ${device.site}`);
  const twin = store.list('devices').find(({ id, mac }) => mac === device.mac && id !== device.id);
  if (twin !== undefined) {
    throw new Fault('conflict', `mac: ${device.mac} belongs to ${twin.id} already`, {
      field: 'mac',
      id: twin.id,
    });
  }
}

/** Throws `input.invalid`, field `extension`. */
export function checkUser({ extension }: Pick<User, 'extension'>, store: Reads): void {
  if (extension === '5') throw invalid('extension', '5 would make *77*5*, which logs out, a login');
  for (const site of store.list('sites')) {
    if (site.emergencyNumbers.includes(extension)) {
      throw invalid('extension', `${extension} is an emergency number of site ${site.id}`);
    }
    if (extension === site.emergencyTestNumber) {
      throw invalid('extension', `${extension} is the emergency test number of site ${site.id}`);
    }
    const code = Object.entries(site.dialCodes).find(([, code]) => code === extension);
    if (code !== undefined) {
      throw invalid('extension', `${extension} is the dial code "${code[0]}" of site ${site.id}`);
    }
    if (extension === loggedOutBy(site)) {
      const dialled = site.dialCodes.logout;
      throw invalid(
        'extension',
        `${extension} would make ${dialled}, which logs out at site ${site.id}, a login`,
      );
    }
  }
}

/** Throws `input.invalid`; `facts.field` is like `dialCodes.park`. */
export function checkSite(site: Site, store: Reads): void {
  if (!isTimeZone(site.timeZone)) throw invalid('timeZone', `there is no time zone "${site.timeZone}"`);
  checkEmergencyNumbers(site, store);
  checkLoginCodes(site, store);
  const seen = new Map<string, string>();
  for (const [name, code] of Object.entries(site.dialCodes)) {
    const field = `dialCodes.${name}`;
    const twin = seen.get(code);
    if (twin !== undefined) throw invalid(field, `${code} is the dial code "${twin}" already`);
    seen.set(code, name);
    checkCode(field, code, site, store);
    if (name !== 'login' && name !== 'logout') checkOtherCode(field, code, site);
  }
}

function checkEmergencyNumbers({ emergencyNumbers, emergencyTestNumber }: Site, store: Reads): void {
  const field = 'emergencyNumbers';
  if (emergencyNumbers.length === 0) throw invalid(field, 'a site has at least one');
  for (const number of emergencyNumbers) {
    const user = store.get('users', number);
    if (user !== undefined) throw invalid(field, `${number} is the extension of ${user.name}`);
  }
  if (emergencyTestNumber === undefined) return;
  if (emergencyNumbers.includes(emergencyTestNumber)) {
    throw invalid('emergencyTestNumber', `${emergencyTestNumber} is an emergency number: a test would call`);
  }
  const user = store.get('users', emergencyTestNumber);
  if (user !== undefined) {
    throw invalid('emergencyTestNumber', `${emergencyTestNumber} is the extension of ${user.name}`);
  }
}

function checkLoginCodes(site: Site, store: Reads): void {
  const { login, logout } = site.dialCodes;
  if (login === undefined) throw invalid('dialCodes.login', 'a site needs one, like *77*');
  if (logout === undefined) throw invalid('dialCodes.logout', 'a site needs one, like *77*5*');
  if (!/^\*[0-9]+\*$/.test(login)) {
    throw invalid('dialCodes.login', `${login} is not like *77*: the extension follows the second star`);
  }
  const extension = loggedOutBy(site);
  const user = extension === undefined ? undefined : store.get('users', extension);
  if (user !== undefined) {
    throw invalid('dialCodes.logout', `${logout} is how ${user.name}, extension ${extension}, logs in`);
  }
}

function checkCode(field: string, code: string, site: Site, store: Reads): void {
  const where = [site, ...store.list('sites').filter(({ id }) => id !== site.id)];
  const emergency = where.find(({ emergencyNumbers }) => emergencyNumbers.includes(code));
  if (emergency !== undefined) throw invalid(field, `${code} is an emergency number of site ${emergency.id}`);
  const user = store.get('users', code);
  if (user !== undefined) throw invalid(field, `${code} is the extension of ${user.name}`);
}

function checkOtherCode(field: string, code: string, { dialCodes: { login = '', pickup } }: Site): void {
  if (code === pickup && !/^[*#]/.test(code)) {
    throw invalid(field, `${code} does not begin with * or #, so extensions could begin with it`);
  }
  if (code !== pickup && pickup !== undefined && code.startsWith(pickup)) {
    throw invalid(field, `${code} cannot be told from a pickup, which begins with ${pickup}`);
  }
  if (code.startsWith('*7')) {
    const why = 'codes that begin with *7 belong to logging in and out, and phones would be refused';
    throw invalid(field, `${code} begins with *7: ${why}`);
  }
  if (code.startsWith(login) || login.startsWith(code)) {
    throw invalid(field, `${code} cannot be told from a login, which begins with ${login}`);
  }
}

/** The extension that could not log in, because the same digits log out. */
function loggedOutBy({ dialCodes: { login = '', logout = '' } }: Site): string | undefined {
  if (!logout.startsWith(login) || !logout.endsWith('*')) return undefined;
  return logout.slice(login.length, -1);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    // A RangeError: that is how Intl says no.
    return false;
  }
}

const invalid = (field: string, why: string) => new Fault('input.invalid', `${field}: ${why}`, { field });
