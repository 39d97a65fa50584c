/**
 * /policy: what holds where neither the user nor the site of the device says
 * otherwise (`policy` of each).
 *
 *     GET /policy    → {secondDevice?, longestMinutes?, idleMinutes?, endsAt?}
 *     PUT /policy    → the same
 *
 * A session keeps the limits that it began with.
 */

import { type Policy, policy } from '#controller/model/policy.ts';
import type { Store } from '#controller/model/ports.ts';
import { absent, expected, tag } from './read.ts';
import { type Route, route } from './route.ts';

export function policyRoutes({ store }: { store: Store }): Route[] {
  const path = '/policy';
  const find = () => store.get('policies', 'system');

  function toJson(): Policy {
    const { id: _, revision: __, ...rest } = find() ?? { id: 'system', revision: 0 };
    return rest;
  }

  return [
    route(
      {
        method: 'get',
        path,
        access: 'readOnly',
        tag: 'policy',
        summary: 'The system’s policy',
        answer: policy,
      },
      ({ c }) => {
        const found = find();
        if (found !== undefined) tag(c, found);
        return toJson();
      },
    ),
    route(
      {
        method: 'put',
        path,
        access: 'admin',
        tag: 'policy',
        summary: 'Replace the system’s policy',
        body: policy,
        answer: policy,
      },
      async ({ c, body }) => {
        const current = find();
        const expect = current === undefined ? absent(c) : expected(c, current);
        await store.commit([
          { type: 'put', collection: 'policies', value: { ...body, id: 'system' }, expect },
        ]);
        const made = find();
        if (made !== undefined) tag(c, made);
        return toJson();
      },
    ),
  ];
}
