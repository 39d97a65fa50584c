/** What can be done with a phone from afar: fetch its config, restart, and see what it would be given. */

import { useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { useApp, useText } from '#controller/web/page/context.ts';
import { Dialog } from '#controller/web/page/parts/dialog.tsx';
import { useSubmit } from '#controller/web/page/parts/form.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import type { ResyncResult } from '#controller/web/page/shapes.ts';

export function PhoneActions({ id }: { id: string }) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [config, setConfig] = useState<string>();
  const tell = (verb: 'resync' | 'reboot') =>
    void submit.run(async () => {
      const { result } = await ask<{ result: ResyncResult }>('POST', `/devices/${id}/${verb}`);
      say(text.resyncResults[result]);
    });
  const show = () =>
    void submit.run(async () =>
      setConfig((await ask<{ text: string }>('GET', `/devices/${id}/config`)).text),
    );
  return (
    <>
      <ProblemLine problem={submit.problem} />
      <div class="actions">
        <button type="button" disabled={submit.isBusy} onClick={() => tell('resync')}>
          {text.resync}
        </button>
        <button type="button" disabled={submit.isBusy} onClick={() => tell('reboot')}>
          {text.reboot}
        </button>
        <button type="button" disabled={submit.isBusy} onClick={show}>
          {text.showConfig}
        </button>
      </div>
      {config !== undefined && (
        <Dialog title={text.configOf(id)} onClose={() => setConfig(undefined)}>
          <p class="hint">{text.configHint}</p>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
          <pre tabIndex={0}>{config}</pre>
        </Dialog>
      )}
    </>
  );
}
