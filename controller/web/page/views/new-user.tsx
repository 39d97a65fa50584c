/** A new user: extension, name, PIN. */

import { useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { useApp, useText } from '#controller/web/page/context.ts';
import { TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import { View } from '#controller/web/page/parts/view.tsx';
import { go } from '#controller/web/page/route.ts';

export function NewUser() {
  const { live, say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [extension, setExtension] = useState('');
  const [name, setName] = useState('');
  const [pin, setPin] = useState('');
  return (
    <View title={text.addUser}>
      <section class="card narrow">
        <Form
          submit={submit}
          label={text.addUser}
          fields={['extension', 'name', 'pin']}
          action={async () => {
            await ask('POST', '/users', { extension, name, ...(pin !== '' && { pin }) });
            await live.load('users');
          }}
          onDone={() => {
            say(text.added(extension));
            go('users', extension);
          }}
        >
          <TextField
            label={text.extension}
            value={extension}
            onValue={setExtension}
            inputMode="numeric"
            maxLength={15}
            wrong={submit.wrong('extension')}
          />
          <TextField
            label={text.name}
            value={name}
            onValue={setName}
            maxLength={64}
            wrong={submit.wrong('name')}
          />
          <TextField
            label={text.pin}
            hint={text.pinHint}
            type="password"
            value={pin}
            onValue={setPin}
            inputMode="numeric"
            autocomplete="new-password"
            maxLength={12}
            wrong={submit.wrong('pin')}
          />
          <Send submit={submit}>{text.addUser}</Send>
        </Form>
      </section>
    </View>
  );
}
