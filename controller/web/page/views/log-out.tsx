/** Ends sessions, whoever's they are, after a question. */

import { ask } from '#controller/web/page/api.ts';
import { useApp, useText } from '#controller/web/page/context.ts';
import { Confirm } from '#controller/web/page/parts/dialog.tsx';

export function LogOut({ devices, onClose }: { devices: readonly string[]; onClose(): void }) {
  const { say } = useApp();
  const text = useText();
  return (
    <Confirm
      title={text.logOutTitle(devices.length)}
      verb={text.logOut}
      onClose={onClose}
      action={async () => {
        const answers = await Promise.allSettled(devices.map((id) => ask('DELETE', `/sessions/${id}`)));
        const failed = answers.find((answer) => answer.status === 'rejected');
        if (failed !== undefined) throw failed.reason;
        say(text.loggedOut(devices.length));
      }}
    >
      <p>{text.logOutWarning(devices.join(', '))}</p>
    </Confirm>
  );
}
