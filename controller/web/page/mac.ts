/** MAC addresses as people write them. */

export const formatMac = (mac: string): string => mac.replace(/..(?!$)/g, '$&:');

/** Twelve small hexadecimal digits, whatever stood between them; undefined: it is none (yet). */
export function readMac(text: string): string | undefined {
  const digits = text.replace(/[\s:.-]/g, '').toLowerCase();
  return /^[0-9a-f]{12}$/.test(digits) ? digits : undefined;
}
