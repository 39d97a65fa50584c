/**
 * Lists: what they can be asked, and a page of what there is.
 *
 *     ?limit=100&cursor=…    100 at most, from where the last page ended (`next` of its answer)
 *     ?sort=name, -name      by a field; what is alike, by its id
 *     ?q=anna                any of the fields has this in it, whatever the case
 *     ?site=berlin           a field is exactly this
 *
 * A cursor names the last item by what it was sorted by, not by its place: what
 * is made or removed meanwhile neither repeats an item nor hides one. Who does
 * not ask for less gets `maxItems`.
 */

import type { Context } from 'hono';
import { z } from 'zod';
import { reachesSite, whoOf } from '#controller/api/access/who.ts';
import { Fault } from '#protocol/fault.ts';

export const maxItems = 1_000;

type Value = string | number | boolean | undefined | null;

export type ListingOptions<T, Name extends string> = {
  id(item: T): string;
  /** What can be filtered and sorted by, and what `q` looks through. */
  fields: Readonly<Record<Name, (item: T) => Value>>;
  /** Where it belongs; who is bound to sites sees those only. Absent: to all. */
  site?: (item: T) => string | undefined;
  /** Unless sorted otherwise, as `id` or `-since`. */
  order?: Order<T>;
};

type Order<T> = { by(item: T): Value; isDown: boolean };

type ListQuery = {
  limit: number;
  cursor?: string | undefined;
  sort?: string | undefined;
  q?: string | undefined;
};

export function listing<T, const Name extends string = never>(options: ListingOptions<T, Name>) {
  const names = Object.keys(options.fields) as Name[];
  const sorts = names.flatMap((name) => [name, `-${name}`]);
  const filter = z.string().max(128).optional();
  const query = z.strictObject({
    limit: z.coerce.number().int().min(1).max(maxItems).default(maxItems),
    cursor: z.string().max(1_024).optional(),
    ...(sorts.length > 0 && { sort: z.enum(sorts as [string, ...string[]]).optional() }),
    ...(names.length > 0 && { q: z.string().max(128).optional() }),
    ...(Object.fromEntries(names.map((name) => [name, filter])) as Record<Name, typeof filter>),
  });

  function page<Shown extends object>(
    c: Context,
    asked: z.infer<typeof query>,
    items: readonly T[],
    show: (item: T) => Shown,
  ): { items: Shown[]; next?: string } {
    const { limit, cursor, sort, q, ...filters } = asked as ListQuery & Record<string, string | undefined>;
    const wanted = new Map(Object.entries(filters).filter(([, text]) => text !== undefined));
    const { site } = options;
    const who = whoOf(c);
    const found = items.filter(
      (item) => (site === undefined || reachesSite(who, site(item))) && isWanted(options, wanted, q, item),
    );
    const order = orderOf(options, sort);
    const ranked = found.map((item) => ({ item, rank: rankOf(options, order, item) }));
    const compare = comparing(order.isDown);
    ranked.sort((a, b) => compare(a.rank, b.rank));
    const last = cursor === undefined ? undefined : readCursor(cursor);
    const begin = last === undefined ? 0 : ranked.findIndex(({ rank }) => compare(rank, last) > 0);
    const rest = begin === -1 ? [] : ranked.slice(begin, begin + limit);
    const end = rest.at(-1);
    const isMore = begin !== -1 && begin + limit < ranked.length;
    return {
      items: rest.map(({ item }) => show(item)),
      ...(isMore && end !== undefined && { next: formatCursor(end.rank) }),
    };
  }
  return { query, page };
}

/** What an item is sorted by: its field, then its id. */
type Rank = readonly [Value, string];

function orderOf<T>({ fields, order, id }: ListingOptions<T, string>, sort: string | undefined): Order<T> {
  if (sort === undefined) return order ?? { by: id, isDown: false };
  const by = fields[sort.replace(/^-/, '')] ?? id;
  return { by, isDown: sort.startsWith('-') };
}

const rankOf = <T>({ id }: ListingOptions<T, string>, { by }: Order<T>, item: T): Rank => [
  by(item),
  id(item),
];

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' });

/** What is not there comes last, either way round. */
function comparing(isDown: boolean): (a: Rank, b: Rank) => number {
  return ([a, aId], [b, bId]) => {
    const between = absent(a) - absent(b) || compareValues(a, b) * (isDown ? -1 : 1);
    return between || collator.compare(aId, bId) || Number(aId > bId) - Number(aId < bId);
  };
}

const absent = (value: Value) => Number(value === undefined || value === null);

function compareValues(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return collator.compare(String(a ?? ''), String(b ?? ''));
}

function isWanted<T>(
  { fields }: ListingOptions<T, string>,
  wanted: ReadonlyMap<string, string | undefined>,
  q: string | undefined,
  item: T,
): boolean {
  for (const [name, text] of wanted) if (String(fields[name]?.(item) ?? '') !== text) return false;
  if (q === undefined) return true;
  const sought = q.toLowerCase();
  return Object.values(fields).some((of) =>
    String(of(item) ?? '')
      .toLowerCase()
      .includes(sought),
  );
}

const cursorForm = z.tuple([z.union([z.string(), z.number(), z.boolean(), z.null()]), z.string()]);

const formatCursor = ([value, id]: Rank) =>
  Buffer.from(JSON.stringify([value ?? null, id])).toString('base64url');

function readCursor(text: string): Rank {
  try {
    return cursorForm.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch (cause) {
    throw new Fault('input.invalid', 'cursor: is not one of ours', { field: 'cursor' }, { cause });
  }
}
