import * as assert from 'uvu/assert';
import { bestOf, defused } from '#controller/sip/best-response.ts';
import { describe } from '#test/support/describe.ts';

// biome-ignore format: a table
const choices: { statuses: number[]; best: number }[] = [
  { statuses: [486],           best: 486 },
  { statuses: [500, 404],      best: 404 },
  { statuses: [486, 603, 480], best: 603 },
  { statuses: [486, 415, 404], best: 415 },
  { statuses: [408, 486],      best: 486 },
  { statuses: [408, 500],      best: 408 },
  { statuses: [404, 486],      best: 486 },
  { statuses: [480, 486, 408], best: 486 },
  { statuses: [480, 404],      best: 480 },
  { statuses: [486, 422],      best: 422 },
];

describe('best response', (test) => {
  for (const { statuses, best } of choices) {
    test(`of ${statuses.join(', ')} is ${best}`, () => assert.is(statuses[bestOf(statuses)], best));
  }
  test('of none is none', () => assert.is(bestOf([]), -1));
  test('never lets a phone redirect, challenge or speak for us', () =>
    assert.equal([300, 302, 380, 401, 407, 503, 486].map(defused), [480, 480, 480, 403, 403, 500, 486]));
});
