/** MAC addresses as people write them. */

export const formatMac = (mac: string): string => mac.replace(/..(?!$)/g, '$&:');
