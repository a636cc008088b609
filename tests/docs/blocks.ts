/** A fenced block of a page. */
export interface Block {
  readonly line: number;
  readonly language: string;
  /** Without the indentation of a list around it. */
  readonly text: string;
  /** Why it cannot run in a test, as the comment in front of it says: `<!-- not run: … -->`. */
  readonly notRun: string | undefined;
  /** The comment `<!-- the service is stopped -->` is in front of it. */
  readonly needsStop: boolean;
}

const fence = /^( *)```([a-z]*)[^\n]*\n([\s\S]*?)^\1```$/gm;
const commentsBefore = /(?:<!--[^>]*-->\s*)+$/;

export function blocksOf(page: string): Block[] {
  return [...page.matchAll(fence)].map((match) => {
    const [, indent = '', language = '', text = ''] = match;
    const before = page.slice(0, match.index);
    const comments = commentsBefore.exec(before)?.[0] ?? '';
    return {
      line: before.split('\n').length,
      language,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      notRun: /<!-- not run: ([^>]+?) -->/.exec(comments)?.[1],
      needsStop: comments.includes('<!-- the service is stopped -->'),
    };
  });
}
