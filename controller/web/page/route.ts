/** Where in the page we are, as it changes. */

import { useEffect, useState } from 'preact/hooks';
import { readRoute, toHash } from './address.ts';

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
