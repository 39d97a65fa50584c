/**
 * "Did you mean …?": the candidate nearest to a mistyped word by Levenshtein's
 * distance (one letter more, less or other counts one, and so do two that
 * changed places), when it is near enough to be a slip: at most a third of the
 * word, and at least one letter.
 *
 *     nearest('enroll', ['enrol', 'run'])   'enrol'
 *     nearest('fly', ['enrol', 'run'])      undefined
 */

const maxLength = 64;

export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  return allNear(word, candidates)[0];
}

/** All that are near enough, the nearest first; of two as near, the one named first. */
export function allNear(word: string, candidates: Iterable<string>): string[] {
  const sought = word.toLowerCase().slice(0, maxLength);
  const most = Math.max(1, Math.floor(sought.length / 3));
  return Array.from(candidates, (candidate) => ({
    candidate,
    distance: distanceOf(sought, candidate.toLowerCase().slice(0, maxLength)),
  }))
    .filter(({ distance }) => distance <= most)
    .sort((one, other) => one.distance - other.distance)
    .map(({ candidate }) => candidate);
}

function distanceOf(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const kept = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? (before[j - 2] ?? 0) + 1 : kept;
      next.push(Math.min(kept, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
