import type { Issue } from '@unkey-ts/contract';

/*
 * The Python client 2.x writes `keyCredits` where the API has `credits`, in requests and responses. This file translates
 * between the two names.
 */

/** Renames `keyCredits` of a body to `credits`. A body with both is refused: it is ambiguous. */
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

/** Adds `keyCredits` beside the `credits` of a response's data, or of each of its rows. */
export function addCreditsAlias(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(addCreditsAlias);
  // Only operations that return an object or a list of objects declare the alias.
  const { credits } = data as { credits?: unknown };
  return credits === undefined ? data : { ...(data as object), keyCredits: credits };
}
