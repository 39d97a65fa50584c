/**
 * Weak PINs: what somebody at an idle phone would try first. The limits of
 * ./locks.ts leave a stranger a few tries; these must not be among them.
 */

import { Fault } from '#protocol/fault.ts';

/** The hundred commonest that no rule below catches anyway: pairs, years, keypad patterns. */
export const commonestPins: ReadonlySet<string> = new Set(
  `1004 1010 1100 1101 1112 1122 1212 1221 1225 1230 1233 1313 1342 1357 1414 1466 1470 1478 1515 1590
   1616 1717 1793 1818 1919 1945 1950 1954 1960 1963 1964 1965 1966 1967 1968 1969 1970 1971 1972 1973
   1974 1975 1976 1977 1978 1979 1980 1981 1982 1983 1984 1985 1986 1987 1988 1989 1990 1991 1992 1993
   1994 1995 1996 1997 1998 1999 2000 2001 2002 2004 2005 2010 2012 2020 2024 2025 2112 2121 2323 2468
   2525 2580 3131 3232 4200 4242 5150 5683 6969 8520 8246 112233 121212 123123 131313 147258 159753 696969
   789456 123321`.split(/\s+/),
);

/** Why `pin` will not do, as the end of a sentence; undefined when it will. */
export function pinWeakness(pin: string, extension: string): string | undefined {
  if (!/^[0-9]{4,12}$/.test(pin)) return 'a PIN is 4 to 12 digits';
  if (isStride(pin, 0)) return 'one digit repeated is the first thing anybody tries';
  if (isStride(pin, 1) || isStride(pin, 9)) return 'a run of digits is the first thing anybody tries';
  if (pin === extension) return 'a PIN must not be the extension';
  if (pin === [...extension].reverse().join('')) return 'a PIN must not be the extension backwards';
  if (commonestPins.has(pin)) return 'this is one of the hundred commonest PINs';
  return undefined;
}

/** Throws `input.invalid`, field `pin`. */
export function refuseWeakPin(pin: string, extension: string): void {
  const weakness = pinWeakness(pin, extension);
  if (weakness !== undefined) throw new Fault('input.invalid', `pin: ${weakness}`, { field: 'pin' });
}

/** Each digit is the one before plus `stride`, beyond 9 from 0 again: 7890 is a run, and 1098 is one down. */
const isStride = (pin: string, stride: number) =>
  [...pin].every((digit, i) => i === 0 || Number(digit) === (Number(pin[i - 1]) + stride) % 10);
