/** What an address leads to that leads nowhere, or where one may not go. */

import { useText } from '#controller/web/page/context.ts';
import { View } from '#controller/web/page/parts/view.tsx';

export function NotFound({ isForbidden = false }: { isForbidden?: boolean }) {
  const text = useText();
  return (
    <View title={isForbidden ? text.problems.forbidden : text.notFound}>
      <p>
        <a href="#/">{text.overview}</a>
      </p>
    </View>
  );
}
