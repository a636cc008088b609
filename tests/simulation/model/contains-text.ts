/** Whether a text contains another one, regardless of case and accents. */
export function containsText(text: string, part: string): boolean {
  return withoutAccents(text).includes(withoutAccents(part));
}

function withoutAccents(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}
