/** One key of a layout: its handle (drag it, or arrow keys on it), what it does, where it may go. */

import type { ComponentChildren } from 'preact';
import { useText } from '#controller/web/page/context.ts';
import { keyTypes } from '#controller/web/page/keys.ts';
import type { Key } from '#controller/web/page/shapes.ts';

/** Key of the keyboard → where the layout key goes. */
const ways: Readonly<Record<string, (index: number, count: number) => number>> = {
  ArrowUp: (index) => index - 1,
  ArrowDown: (index) => index + 1,
  Home: () => 0,
  End: (_, count) => count - 1,
};

export function KeyRow({
  value,
  index,
  count,
  wrong,
  isDragged,
  onChange,
  onMove,
  onRemove,
  onDragStart,
  onDragEnd,
  onDrop,
}: {
  value: Key;
  index: number;
  count: number;
  wrong: ComponentChildren | undefined;
  isDragged: boolean;
  onChange(key: Key): void;
  onMove(to: number): void;
  onRemove(): void;
  onDragStart(): void;
  onDragEnd(): void;
  onDrop(): void;
}) {
  const text = useText();
  const nth = index + 1;
  const named = (what: string) => text.keyField(nth, what);
  return (
    <li
      class={isDragged ? 'key dragged' : 'key'}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        onDrop();
      }}
    >
      <button
        type="button"
        class="handle"
        draggable
        aria-label={text.keyHandle(nth)}
        onDragStart={(event) => {
          event.dataTransfer?.setData('text/plain', String(nth)); // Firefox drags nothing without
          onDragStart();
        }}
        onDragEnd={onDragEnd}
        onKeyDown={(event) => {
          const way = ways[event.key];
          if (way === undefined) return;
          event.preventDefault();
          onMove(way(index, count));
        }}
      >
        <span aria-hidden="true">⠿ {nth}</span>
      </button>
      <select
        aria-label={named(text.keyType)}
        value={value.type}
        onChange={({ currentTarget }) => {
          const type = keyTypes.find((each) => each === currentTarget.value) ?? 'none';
          onChange({ ...value, type });
        }}
      >
        {keyTypes.map((type) => (
          <option key={type} value={type}>
            {text.keyTypes[type]}
          </option>
        ))}
      </select>
      <input
        aria-label={named(text.keyValue)}
        placeholder={text.keyValue}
        value={value.value}
        maxLength={32}
        inputMode="tel"
        aria-invalid={wrong === undefined ? undefined : true}
        onInput={({ currentTarget }) => onChange({ ...value, value: currentTarget.value })}
      />
      <input
        aria-label={named(text.keyLabel)}
        placeholder={text.keyLabel}
        value={value.label}
        maxLength={64}
        onInput={({ currentTarget }) => onChange({ ...value, label: currentTarget.value })}
      />
      <span class="row-actions">
        <button
          type="button"
          aria-label={named(text.up)}
          disabled={index === 0}
          onClick={() => onMove(index - 1)}
        >
          ↑
        </button>
        <button
          type="button"
          aria-label={named(text.down)}
          disabled={index === count - 1}
          onClick={() => onMove(index + 1)}
        >
          ↓
        </button>
        <button type="button" aria-label={named(text.remove)} onClick={onRemove}>
          ✕
        </button>
      </span>
      {wrong !== undefined && (
        <p class="wrong" role="alert">
          {wrong}
        </p>
      )}
    </li>
  );
}
