import type { Issue } from '@unkey-ts/contract';

/*
 * The Python client 2.x says `keyCredits` where the API says `credits`, in requests and in answers. Everything that
 * makes its credits work is in this file.
 */

/** Makes `keyCredits` of a body `credits`. Both at once are refused: nothing says which one counts. */
export function renameCreditsAlias(body: unknown): Issue[] {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'keyCredits')) return [];
  const members = body as { credits?: unknown; keyCredits?: unknown };
  if (Object.hasOwn(members, 'credits')) {
    return [{ location: 'body.keyCredits', message: 'is another name of `credits`; send only one of them' }];
  }
  members.credits = members.keyCredits;
  delete members.keyCredits;
  return [];
}

export function readsCreditsAlias(userAgent: string | undefined): boolean {
  return userAgent?.includes('speakeasy-sdk/python 2.') === true && userAgent.includes('unkey.py');
}

/** Adds `keyCredits` beside the `credits` of an answer's data, or of each of its rows. */
export function addCreditsAlias(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(addCreditsAlias);
  // Only operations whose answers are objects, or lists of them, declare the alias.
  const { credits } = data as { credits?: unknown };
  return credits === undefined ? data : { ...(data as object), keyCredits: credits };
}
