/** A button that asks for a file. */

import type { ComponentChildren } from 'preact';

export function FileButton({
  accept,
  isPrimary = false,
  isBusy = false,
  onFile,
  children,
}: {
  accept: string;
  /** What this view is there for. */
  isPrimary?: boolean;
  isBusy?: boolean;
  onFile(file: File): void;
  children: ComponentChildren;
}) {
  return (
    <label class={isPrimary ? 'button primary file' : 'button file'}>
      {children}
      <input
        class="sr"
        type="file"
        accept={accept}
        disabled={isBusy}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          currentTarget.value = ''; // the same file may be chosen again, once it has been mended
          if (file !== undefined) onFile(file);
        }}
      />
    </label>
  );
}
