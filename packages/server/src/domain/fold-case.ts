/**
 * The form under which role names and permission slugs are looked up: names that differ only in case are one name,
 * accents count, and an accented letter is the same however it is composed.
 */
export function foldCase(text: string): string {
  // The lower case of a capital sigma depends on its place in the word; one form serves for both.
  return text.toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}
