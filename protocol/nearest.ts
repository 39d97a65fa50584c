/**
 * "Did you mean …?": the candidate nearest to a mistyped word by Levenshtein's
 * distance (one letter more, less or other counts one), when it is near enough
 * to be a slip: at most a third of the word, and at least one letter.
 *
 *     nearest('enroll', ['enrol', 'run'])   'enrol'
 *     nearest('fly', ['enrol', 'run'])      undefined
 */

const maxLength = 64;

export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const sought = word.toLowerCase().slice(0, maxLength);
  let best: string | undefined;
  let least = Math.max(1, Math.floor(sought.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = distanceOf(sought, candidate.toLowerCase().slice(0, maxLength));
    if (distance < least) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const kept = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(kept, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
