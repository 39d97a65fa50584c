/** A line to copy: selectable, and with a button that says when it has been copied. */

import { useState } from 'preact/hooks';
import { useText } from '#controller/web/page/context.ts';

export function Copy({ label, children }: { label: string; children: string }) {
  const text = useText();
  const [isCopied, setCopied] = useState(false);
  return (
    <div class="copy">
      <input
        readOnly
        aria-label={label}
        value={children}
        spellcheck={false}
        onFocus={({ currentTarget }) => currentTarget.select()}
      />
      <button
        type="button"
        onClick={() => void navigator.clipboard?.writeText(children).then(() => setCopied(true))}
      >
        {isCopied ? text.copied : text.copy}
      </button>
      <span class="sr" role="status">
        {isCopied ? text.copied : ''}
      </span>
    </div>
  );
}
