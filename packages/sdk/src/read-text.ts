import type { Deadline } from './deadline.ts';
import { ResponseValidationError } from './errors.ts';
import { platform, type ResponseLike } from './platform.ts';
import { numberOf } from './rate-limit.ts';

interface ByteReader {
  read(): Promise<{ done: boolean; value?: Uint8Array }>;
  cancel(): Promise<void>;
}

/** Reads the body of a response. Rejects when it is larger than `maxBytes` after decompression, or at the deadline. */
export async function readText(
  response: ResponseLike,
  { race }: Deadline,
  maxBytes: number = 2 ** 25,
): Promise<string> {
  const { headers } = response;
  const stream = response.body as { getReader?(): ByteReader } | null | undefined;
  const isSmall = numberOf(headers, 'content-length') <= maxBytes && !headers.get('content-encoding');
  // A runtime reads no more than the length of a body that is not compressed: the faster way.
  const reader = isSmall ? undefined : stream?.getReader?.();
  if (!reader) {
    const text = await race(response.text());
    if (text.length > maxBytes) throw tooLarge(maxBytes);
    return text;
  }
  const decoder = new platform.TextDecoder();
  let text = '';
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await race(reader.read());
      if (!value || done) return text + decoder.decode();
      size += value.length;
      if (size > maxBytes) throw tooLarge(maxBytes);
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    // Without effect at the end of the stream.
    reader.cancel().catch(() => {});
  }
}

export function tooLarge(maxBytes: number): ResponseValidationError {
  return new ResponseValidationError(`The response has more than ${maxBytes} bytes.`);
}
