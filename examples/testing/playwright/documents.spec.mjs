import { expect, test } from '@playwright/test';

test.beforeEach(({ request }) => request.post('http://127.0.0.1:7071/emulator/reset'));

test('the page shows documents to those who may read them', async ({ page, request }) => {
  const answer = page.locator('output');
  await page.goto('/');
  await page.getByLabel('Key').fill('doc_reader');
  await page.getByRole('button').click();
  await expect(answer).toHaveText('Documents of user_1');

  const fault = { operation: 'keys.verifyKey', fault: { status: 500 } };
  await request.post('http://127.0.0.1:7071/emulator/faults', { data: fault });
  await page.getByRole('button').click();
  await expect(answer).toHaveText('Refused: 503');
});
