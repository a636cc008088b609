import assert from 'node:assert/strict';

/** Paths of the applications: a response of each kind. */
export const paths = ['/json', '/text', '/raw', '/redirect', '/stream', '/missing'];

/** Allowed and refused requests carry the limits of their keys. */
export async function checkDoor(url) {
  for (const path of paths) {
    for (const [key, isAllowed] of [
      ['good', true],
      ['bad', false],
    ]) {
      const init = { headers: { authorization: `Bearer ${key}` }, redirect: 'manual' };
      const response = await fetch(`${url}${path}`, init);
      const text = await response.text();
      const place = `${path} with a ${key} key`;
      assert.equal(response.headers.get('ratelimit-remaining'), '2', place);
      assert.equal(response.status === 429, !isAllowed, place);
      if (isAllowed && path !== '/redirect' && path !== '/missing') assert.match(text, /hello/, place);
      // Refusals say which verification it was.
      if (!isAllowed) assert.match(text, /"requestId":"req_1"/, place);
    }
  }
}
