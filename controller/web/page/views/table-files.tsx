/** A table out of a spreadsheet and into one. */

import { toHash } from '#controller/web/page/address.ts';
import { apiPath } from '#controller/web/page/api.ts';
import { useText } from '#controller/web/page/context.ts';
import type { ImportNoun } from './import.tsx';

export function TableFiles({ noun }: { noun: ImportNoun }) {
  const text = useText();
  return (
    <>
      <a class="button" href={toHash(noun, 'import')}>
        {text.importCsv}
      </a>
      <a class="button" href={`${apiPath}/export?noun=${noun}`} download={`${noun}.csv`}>
        {text.exportCsv}
      </a>
    </>
  );
}
