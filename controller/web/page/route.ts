/** Where in the page we are: what stands behind the # of its address, as `#/devices/HD0001`. */

import { useEffect, useState } from 'preact/hooks';

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

export const go = (...words: string[]): void => {
  location.hash = toHash(...words);
};

export function useRoute(): string[] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const onChange = () => setHash(location.hash);
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  return readRoute(hash);
}
