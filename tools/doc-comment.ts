const width = 110;

/** A doc comment of paragraphs and tags: on one line if it fits. */
export function docComment(
  indent: string,
  paragraphs: readonly string[],
  tagLines: readonly string[] = [],
): string {
  const texts = paragraphs.filter((paragraph) => paragraph !== '');
  if (texts.length === 0 && tagLines.length === 0) return '';
  if ([...texts, ...tagLines].some((text) => text.includes('*/'))) {
    throw new Error(`The text contains the end of a comment: ${texts.join(' ')}`);
  }
  const room = width - indent.length - ' * '.length;
  const blocks = texts.map((text) => wrapped(text, room));
  const lines = [...blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block])), ...tagLines];
  const [first = ''] = lines;
  if (lines.length === 1 && first.length <= room - 4) return `${indent}/** ${first} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

function wrapped(text: string, room: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1);
    const longer = `${line} ${word}`;
    if (line === undefined || longer.length > room) lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines;
}
