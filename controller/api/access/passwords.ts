/** What an account's password must be: long, and not what everybody tries first. */

import { Fault } from '#protocol/fault.ts';

export const maxPasswordLength = 256;
const minLength = 10;
const minDifferent = 5;

/** The commonest of ten characters and more, in small letters. */
const commonest: ReadonlySet<string> = new Set(
  `password12 password123 password1234 password12345 passw0rd123 passw0rd1234 p@ssw0rd123 p@ssword123
   passwort12 passwort123 passwort1234 geheim1234 willkommen willkommen1 hallo12345 sommer2025 sommer2026
   winter2025 winter2026 summer2025 summer2026 1234567890 0123456789 0987654321 9876543210 12345678910
   123456789a a123456789 1q2w3e4r5t 1qaz2wsx3edc qwertyuiop qwertzuiop asdfghjkl1 asdfghjklö zaq12wsxcde
   qwerty12345 qwertz12345 abcdefghij abcd123456 abc1234567 iloveyou12 letmein123 welcome123 welcome1234
   changeme12 changeme123 administrator administrator1 adminadmin admin12345 admin123456 adminpassword
   rootroot12 toor123456 superadmin superman123 football123 baseball123 princess123 sunshine123 dragon1234
   monkey1234 master1234 trustno1trustno1 hotdesk123 hotdesk1234 hotdeskhotdesk telephone1 telefon123
   telefon1234 callcenter receptionist firewall123 internet123 computer123 samsung123 starwars123
   q1w2e3r4t5 1234512345 123123123123 1111111111 password!1 password1! passwort1! p@ssw0rd!! secret1234`.split(
    /\s+/,
  ),
);

/** Throws `input.invalid` with that field and the reason. */
export function refuseWeakPassword(password: string, name: string, field = 'password'): void {
  const why = weakness(password.normalize('NFKC').toLowerCase(), name);
  if (why !== undefined) throw new Fault('input.invalid', `${field}: ${why}`, { field });
}

function weakness(password: string, name: string): string | undefined {
  if (password.length < minLength) return `a password has at least ${minLength} characters`;
  if (password.length > maxPasswordLength) return `a password has at most ${maxPasswordLength} characters`;
  if (new Set(password).size < minDifferent) return 'the same few characters again and again are guessed';
  if (commonest.has(password)) return 'this is one of the commonest passwords';
  if (password.replaceAll(/[^\p{L}\p{N}]/gu, '') === name.replaceAll(/[^\p{L}\p{N}]/gu, '')) {
    return 'a password must not be the name';
  }
  return undefined;
}
