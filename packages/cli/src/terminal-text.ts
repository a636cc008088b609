const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Characters that a terminal draws over two columns (East Asian Wide and Fullwidth, and emoji). */
const wide = new RegExp(
  [
    '^[\\u1100-\\u115f\\u2e80-\\u303e\\u3041-\\u33ff\\u3400-\\u4dbf\\u4e00-\\u9fff\\ua000-\\ua4cf\\ua960-\\ua97f',
    '\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe10-\\ufe19\\ufe30-\\ufe6f\\uff00-\\uff60\\uffe0-\\uffe6',
    '\\u{16fe0}-\\u{18cff}\\u{1aff0}-\\u{1b2ff}\\u{1f200}-\\u{1f2ff}\\u{20000}-\\u{3fffd}\\p{Emoji_Presentation}]|\\ufe0f',
  ].join(''),
  'u',
);
const invisible = /^[\p{Mark}\p{Default_Ignorable_Code_Point}]+$/u;

/** Columns that a text takes in a terminal, which differ from its length for CJK, emoji and combining characters. */
export function displayWidth(text: string): number {
  // The usual case, and much faster.
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += widthOf(segment);
  return width;
}

function widthOf(grapheme: string): number {
  if (invisible.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

/** Control characters but the line feed, and those that reorder or break lines. */
const unsafe = /(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/**
 * Shows control characters as `\u001b`: names and identifiers come from callers, and must not move the cursor, change
 * colours or the title of a terminal, or reorder its text. JSON stays valid JSON.
 */
export function escapeControls(text: string): string {
  return text.replace(unsafe, escaped);
}

/** The same for text that stands on one line. */
export function onOneLine(text: string): string {
  return escapeControls(text).replaceAll('\n', escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
