/** All that is kept, as one file; and how it comes back. */

import { apiPath } from '#controller/web/page/api.ts';
import { hasRole, useApp, useText } from '#controller/web/page/context.ts';
import { Copy } from '#controller/web/page/parts/copy.tsx';

export function Backup() {
  const { me } = useApp();
  const text = useText();
  const file = `hotdesk-${new Date().toISOString().slice(0, 10)}.backup`;
  return (
    <div class="columns">
      <section class="card" aria-labelledby="backup">
        <h2 id="backup">{text.backup}</h2>
        <p>{text.backupHint}</p>
        <p>{text.masterKeyHint}</p>
        {hasRole(me, 'owner') ? (
          <div class="actions">
            <a class="button primary" href={`${apiPath}/backup`} download={file}>
              {text.downloadBackup}
            </a>
          </div>
        ) : (
          <p class="hint">{text.backupIsOwners}</p>
        )}
      </section>
      <section class="card" aria-labelledby="restore">
        <h2 id="restore">{text.restore}</h2>
        <ol class="steps">
          {text.restoreSteps.split('\n').map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        <Copy label={text.restore}>
          {`npx hotdesk restore ${file} --data ./new --master-key ./kept/master.key`}
        </Copy>
      </section>
    </div>
  );
}
