/** Where in the page one is, as it stands behind the # of its address: `#/devices/HD0001`. */

export function readRoute(hash: string): string[] {
  const words = hash.replace(/^#?\/?/, '').split('/');
  return words.filter((word) => word !== '').map(decoded);
}

function decoded(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word; // typed by hand: it names nothing, and is shown so
  }
}

export const toHash = (...words: string[]): string => `#/${words.map(encodeURIComponent).join('/')}`;
