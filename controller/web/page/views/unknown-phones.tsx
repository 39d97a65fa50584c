/** Phones that were heard and are nobody's yet: one click makes one of them a device. */

import { useEffect, useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { useApp, useItems, useText } from '#controller/web/page/context.ts';
import { formatMac } from '#controller/web/page/mac.ts';
import { TextField } from '#controller/web/page/parts/field.tsx';
import { useSubmit } from '#controller/web/page/parts/form.tsx';
import { Name } from '#controller/web/page/parts/name.tsx';
import { ProblemLine } from '#controller/web/page/parts/problem.tsx';
import { go } from '#controller/web/page/route.ts';
import type { UnknownPhone } from '#controller/web/page/shapes.ts';
import { Since } from './cells.tsx';

/** Nobody tells of a phone that is heard: it is no document. */
const everyMs = 5_000;

export function UnknownPhones() {
  const text = useText();
  const { live } = useApp();
  const { items } = useItems('unknownPhones');
  useEffect(() => {
    const timer = setInterval(() => void live.load('unknownPhones'), everyMs);
    return () => clearInterval(timer);
  }, [live]);
  if (items.length === 0) return null;
  return (
    <section class="card" aria-labelledby="unknown">
      <h2 id="unknown">{text.unknownTitle(items.length)}</h2>
      <p>{text.unknownHint}</p>
      <ul class="rows">
        {items.map((phone) => (
          <Unknown key={`${phone.mac}@${phone.site}`} phone={phone} />
        ))}
      </ul>
    </section>
  );
}

function Unknown({ phone }: { phone: UnknownPhone }) {
  const { live, say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [model, setModel] = useState('');
  const { mac, vendor, model: heard, isKnownModel, site, address, lastSeen } = phone;
  const adopt = async () => {
    const body = { site, ...(!isKnownModel && { model }) };
    let id = '';
    const made = await submit.run(async () => {
      ({ id } = await ask<{ id: string }>('POST', `/unknown-phones/${mac}/adopt`, body));
    });
    void live.load('unknownPhones');
    if (!made) return;
    say(text.added(id));
    go('devices', id);
  };
  return (
    <li>
      <div>
        <Name>{[vendor, heard].filter(Boolean).join(' ') || text.unknownModel}</Name>{' '}
        <code>{formatMac(mac)}</code>
        <div class="hint">
          {site} · {address} · <Since at={lastSeen} />
        </div>
      </div>
      <ProblemLine problem={submit.problem} />
      <div class="actions">
        {!isKnownModel && <TextField label={text.model} value={model} onValue={setModel} />}
        <button type="button" disabled={submit.isBusy} onClick={() => void adopt()}>
          {text.adopt}
          <span class="sr"> {formatMac(mac)}</span>
        </button>
      </div>
    </li>
  );
}
