/**
 * What the server says, in the reader's language where the page has the words.
 * Else it is English, and marked so. The name of a field in front is the API's,
 * and tells nobody more.
 */

import { useText } from '#controller/web/page/context.ts';

export function Said({ children }: { children: string }) {
  const text = useText();
  const bare = children.replace(/^[a-z][\w.-]*: /i, '');
  const own = text.sentence(bare);
  return own === bare ? <bdi lang="en">{children}</bdi> : <bdi>{own}</bdi>;
}
