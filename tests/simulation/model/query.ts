/**
 * Whether a permission query holds; `undefined`: it cannot be parsed. Each word becomes T or F, then the text is reduced
 * until nothing changes.
 */
export function holds(query: string, slugs: string[]): boolean | undefined {
  const words = query.match(/[()]|[^\s()]+/g) ?? [];
  let text = words.map((word) => symbolOf(word, slugs)).join('');
  for (let before = ''; before !== text; ) {
    before = text;
    text = text
      .replace(/\(([TF])\)/g, '$1')
      .replace(/([TF])&([TF])/, (_, a, b) => (a === 'T' && b === 'T' ? 'T' : 'F'));
    if (text !== before) continue;
    text = text.replace(/(^|[(|])([TF])\|([TF])(?=$|[)|])/, (_, head, a, b) =>
      a === 'T' || b === 'T' ? `${head}T` : `${head}F`,
    );
  }
  return text === 'T' ? true : text === 'F' ? false : undefined;
}

function symbolOf(word: string, slugs: string[]): string {
  if (word === '(' || word === ')') return word;
  if (word.toUpperCase() === 'AND') return '&';
  if (word.toUpperCase() === 'OR') return '|';
  if (!/^[\w.:*/-]+$/.test(word)) return '?';
  return slugs.includes(word) ? 'T' : 'F';
}
