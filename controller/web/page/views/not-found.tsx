/** An address that names nothing. */

import { useText } from '#controller/web/page/context.ts';
import { View } from '#controller/web/page/parts/view.tsx';

export function NotFound() {
  const text = useText();
  return (
    <View title={text.notFound}>
      <p>
        <a href="#/">{text.overview}</a>
      </p>
    </View>
  );
}
