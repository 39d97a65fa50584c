/**
 * What a make of phone is to the rest of this room: which files it asks for, and
 * how one sheet of facts is written in its format. One such object a vendor; the
 * table of them is ./vendors.ts.
 */

import type { LaidKey } from '#controller/layout/layout.ts';
import type { Device, Site } from '#controller/model/model.ts';
import { formatHostPort, type HostPort } from '#protocol/address.ts';
import type { Model } from './model.ts';

export type Account = {
  /** What the display shows beside the line. */
  label: string;
  displayName: string;
  userName: string;
  authName: string;
  password: string;
};

/** All that a config file is made of. The same sheet is the same bytes. */
export type ConfigSheet = {
  model: Model;
  account: Account;
  /** One for each position of the phone, the empty ones too. */
  keys: readonly LaidKey[];
  /** Dialled before the number of a BLF key that blinks, it takes the call. */
  pickupCode: string;
  site: Pick<Site, 'timeZone' | 'language' | 'transport'>;
  /** Where the phone reaches its agent, by the site's transport. */
  sip: HostPort;
  /** The folder it fetches its files from, with a `/` at the end. */
  url: string;
  /** Where it gets the CA that it is to trust; undefined: there is no TLS to trust. */
  caUrl: string | undefined;
  adminPassword: string;
};

/** A file of a device: its config, or a text that is the same for whoever sits there. */
export type PhoneFile = { type: 'config' } | { type: 'fixed'; text: string };

export type Vendor = {
  /** Such a phone can be told whom to trust when it fetches its config, so it may do that by HTTPS. */
  trustsCa?: boolean;
  contentType: string;
  /** Who may change everything at such a phone; `admin` when absent. */
  adminName?: string;
  /** What stands for the device's password in its config, where it cannot stand there as it is. */
  toPassword?(password: string): string;
  /** By a file's name in lower case; undefined: this phone has no such file. */
  fileOf(name: string, device: Pick<Device, 'mac'>, model: Model): PhoneFile | undefined;
  /** What such phones ask for on their own and need not have: firmware, other forms, what they once sent in. */
  absent?: RegExp;
  format(sheet: ConfigSheet): string;
};

export const contentTypeOf = ({ contentType }: Vendor, { isText }: Model): string =>
  isText ? 'text/plain; charset=utf-8' : contentType;

/**
 * For formats without an escape for it: what ends a line, and what a display
 * cannot show, becomes a space.
 */
export function toLine(value: string | number): string {
  return String(value)
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+/gu, ' ')
    .trim();
}

/** The file under a device's token that is its site's CA. */
export const caFile = 'site-ca.crt';

/** `http://192.0.2.7:8080/p/<token>/` */
export function folderUrl(at: HostPort, token: string, scheme: 'http' | 'https' = 'http'): string {
  return `${scheme}://${formatHostPort(at)}/p/${token}/`;
}
