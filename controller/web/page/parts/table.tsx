/**
 * A table that can be searched by its owner, sorted by its heads, and marked
 * by rows. On a narrow screen each row becomes a card, its heads beside its cells.
 */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useText } from '#controller/web/page/context.ts';

export type Column<T> = {
  id: string;
  title: string;
  cell(row: T): ComponentChildren;
  /** Absent: cannot be sorted by it. */
  sort?(row: T): string | number;
};

export type Marking = {
  marked: ReadonlySet<string>;
  onMark(marked: ReadonlySet<string>): void;
  /** What a screen reader calls the box of a row. */
  labelOf(id: string): string;
};

const firstRows = 100;
const byText = new Intl.Collator(undefined, { numeric: true });

export function Table<T>({
  caption,
  columns,
  rows,
  idOf,
  marking,
  empty,
}: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  idOf(row: T): string;
  marking?: Marking;
  empty: ComponentChildren;
}) {
  const text = useText();
  const [order, setOrder] = useState<{ by: string; isUp: boolean }>();
  const [shown, setShown] = useState(firstRows);
  if (rows.length === 0) return <div class="empty">{empty}</div>;
  const sorted = sortRows(rows, columns.find(({ id }) => id === order?.by)?.sort, order?.isUp ?? true);
  return (
    <>
      <table>
        <caption class="sr">{caption}</caption>
        <thead>
          <tr>
            {marking && (
              <th scope="col" class="mark">
                <MarkAll marking={marking} ids={rows.map(idOf)} />
              </th>
            )}
            {columns.map(({ id, title, sort }) => (
              <th
                key={id}
                scope="col"
                aria-sort={order?.by === id ? (order.isUp ? 'ascending' : 'descending') : undefined}
              >
                {sort === undefined ? (
                  title
                ) : (
                  <button
                    type="button"
                    class="head"
                    onClick={() => setOrder({ by: id, isUp: order?.by === id ? !order.isUp : true })}
                  >
                    {title}
                    <span aria-hidden="true">{order?.by !== id ? '' : order.isUp ? ' ↑' : ' ↓'}</span>
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, shown).map((row) => (
            <tr key={idOf(row)}>
              {marking && (
                <td class="mark">
                  <Mark marking={marking} id={idOf(row)} />
                </td>
              )}
              {columns.map(({ id, title, cell }) => (
                <td key={id} data-head={title}>
                  <div>{cell(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {sorted.length > shown && (
        <p>
          {text.shownOf(shown, sorted.length)}{' '}
          <button type="button" onClick={() => setShown(shown + 5 * firstRows)}>
            {text.showMore}
          </button>
        </p>
      )}
    </>
  );
}

export function sortRows<T>(
  rows: readonly T[],
  key: ((row: T) => string | number) | undefined,
  isUp: boolean,
): readonly T[] {
  if (key === undefined) return rows;
  return rows.toSorted((a, b) => (isUp ? 1 : -1) * byText.compare(String(key(a)), String(key(b))));
}

function Mark({ marking: { marked, onMark, labelOf }, id }: { marking: Marking; id: string }) {
  return (
    <input
      type="checkbox"
      aria-label={labelOf(id)}
      checked={marked.has(id)}
      onChange={({ currentTarget }) => {
        const next = new Set(marked);
        if (currentTarget.checked) next.add(id);
        else next.delete(id);
        onMark(next);
      }}
    />
  );
}

function MarkAll({ marking: { marked, onMark }, ids }: { marking: Marking; ids: readonly string[] }) {
  const text = useText();
  const count = ids.filter((id) => marked.has(id)).length;
  return (
    <input
      type="checkbox"
      aria-label={text.markAll}
      checked={count > 0 && count === ids.length}
      ref={(box) => {
        if (box !== null) box.indeterminate = count > 0 && count < ids.length;
      }}
      onChange={() => onMark(new Set(count === ids.length ? [] : ids))}
    />
  );
}
