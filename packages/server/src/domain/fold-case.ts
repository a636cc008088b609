/**
 * The form under which role names and permission slugs are looked up: names that differ only in case are one name,
 * accents count, and an accented letter is the same however it is composed.
 */
export function foldCase(text: string): string {
  // The lower case of a capital sigma depends on its place in the word; one form serves for both.
  return text.toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}

/** The form under which a search compares texts: without case and without accents, which are marks of their own in NFD. */
export function foldSearch(text: string): string {
  const lower = text.toLowerCase();
  if (isAscii.test(lower)) return lower;
  return lower
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replaceAll('ς', 'σ');
}

const isAscii = /^[\0-\x7f]*$/;
