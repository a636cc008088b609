const mostEdits = 3;
const mostMatches = 3;

/** The candidates nearest to a word, by edit distance: all that are equally near. */
function nearMatches(word: string, candidates: readonly string[]): readonly string[] {
  const near = candidates
    .map((candidate) => ({ candidate, edits: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, edits }) => edits <= Math.min(mostEdits, candidate.length / 2));
  const fewest = Math.min(...near.map(({ edits }) => edits));
  return near
    .filter(({ edits }) => edits === fewest)
    .slice(0, mostMatches)
    .map(({ candidate }) => candidate);
}

/** ` Did you mean …?`, or the empty string. */
export function suggestion(word: string, candidates: readonly string[]): string {
  const near = nearMatches(word, candidates);
  return near.length === 0 ? '' : ` Did you mean ${near.map((match) => `'${match}'`).join(' or ')}?`;
}

/** Levenshtein distance. */
function editDistance(from: string, to: string): number {
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const dropped = (previous[column] ?? 0) + 1;
      const inserted = (current[column - 1] ?? 0) + 1;
      current.push(Math.min(replaced, dropped, inserted));
    }
    previous = current;
  }
  return previous[to.length] ?? 0;
}
