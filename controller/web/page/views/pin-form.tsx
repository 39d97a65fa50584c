/** A new PIN: typed, sent, and forgotten by the page. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { useApp, useText } from '#controller/web/page/context.ts';
import { TextField } from '#controller/web/page/parts/field.tsx';
import { Form, useSubmit } from '#controller/web/page/parts/form.tsx';

export function PinForm({ extension, children }: { extension: string; children?: ComponentChildren }) {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [pin, setPin] = useState('');
  return (
    <section class="card" aria-labelledby="pin">
      <h2 id="pin">{text.pin}</h2>
      <Form
        submit={submit}
        label={text.setPin}
        fields={['pin']}
        action={() => ask('PUT', `/users/${extension}/pin`, { pin })}
        onDone={() => {
          setPin('');
          say(text.saved);
        }}
      >
        <TextField
          label={text.newPin}
          hint={text.pinHint}
          type="password"
          value={pin}
          onValue={setPin}
          inputMode="numeric"
          autocomplete="new-password"
          maxLength={12}
          wrong={submit.wrong('pin')}
        />
        <div class="actions">
          <button type="submit" class="primary" disabled={submit.isBusy || pin === ''}>
            {text.setPin}
          </button>
        </div>
      </Form>
      {children}
    </section>
  );
}
