/**
 * What goes wrong, as RFC 9457 has it:
 *
 *     { "type": "about:blank", "title": "Bad Request", "status": 400,
 *       "detail": "pin: …", "code": "input.invalid", "field": "pin" }
 *
 * `code` is for programs, `detail` for people; `field` names what was wrong in
 * the request. Nothing that was not meant for the caller gets out: what is no
 * fault of ours by name is logged here and told as "internal error".
 */

import { STATUS_CODES } from 'node:http';
import { Fault, type FaultFacts } from '#protocol/fault.ts';
import { statusOf } from './status.ts';

export type Problem = { status: number; code: string; detail: string; facts?: FaultFacts };

export function problemOf(error: unknown): Problem | undefined {
  if (!Fault.is(error)) return undefined;
  const { status: said } = error.facts;
  const status = said === 412 || said === 413 ? said : statusOf[error.code];
  return { status, code: error.code, detail: error.message, facts: error.facts };
}

export function formatProblem({ status, code, detail, facts = {} }: Problem): Response {
  const { field, noun, id } = facts;
  const body = { type: 'about:blank', title: STATUS_CODES[status], status, detail, code, field, noun, id };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      ...(status === 401 && { 'www-authenticate': 'Bearer' }),
    },
  });
}
