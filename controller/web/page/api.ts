/** The API under /api/v1, as the page asks it: by the cookie of who signed in. */

export type Problem = {
  /** 0: no answer came. */
  status: number;
  code: string;
  detail: string;
  field?: string;
};

/** What the API refused; its message is the server's own sentence, in English. */
export class Refused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export const apiPath = '/api/v1';

const patienceMs = 20_000;

/** Called when the server does not know us any more. */
export const signedOut: { listener: () => void } = { listener: () => {} };

/** The whole answer, for who needs its ETag; a Blob is sent as it is. Throws `Refused`. */
export async function send(method: Method, path: string, body?: unknown, etag?: string): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (body !== undefined) headers['content-type'] = body instanceof Blob ? body.type : 'application/json';
  if (etag !== undefined) headers['if-match'] = etag;
  const answer = await fetch(apiPath + path, {
    method,
    headers,
    credentials: 'same-origin',
    cache: 'no-store',
    signal: AbortSignal.timeout(patienceMs),
    ...(body !== undefined && { body: body instanceof Blob ? body : JSON.stringify(body) }),
  }).catch((cause: unknown) => {
    throw new Refused({ status: 0, code: 'no.answer', detail: String(cause) });
  });
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  if (answer.status === 401) signedOut.listener();
  throw new Refused(problem);
}

/** The answer's JSON; undefined for 204. Throws `Refused`. */
export async function ask<T>(method: Method, path: string, body?: unknown, etag?: string): Promise<T> {
  const answer = await send(method, path, body, etag);
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function problemOf(answer: Response): Promise<Problem> {
  const unreadable = { status: answer.status, code: 'internal', detail: answer.statusText };
  const told: unknown = await answer.json().catch(() => undefined);
  return told !== null && typeof told === 'object' ? { ...unreadable, ...told } : unreadable;
}

export function toProblem(error: unknown): Problem {
  return error instanceof Refused ? error.problem : { status: 0, code: 'internal', detail: String(error) };
}

/** All pages of a list. */
export async function askAll<T>(path: string, query: Record<string, string> = {}): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const search = new URLSearchParams({ ...query, ...(cursor !== undefined && { cursor }) });
    const at = search.size > 0 ? `${path}?${search}` : path;
    const page = await ask<{ items: T[]; next?: string | null }>('GET', at);
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return items;
}
