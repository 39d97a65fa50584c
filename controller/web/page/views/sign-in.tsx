/** Who are you: an admin by name and password, somebody with an extension by his PIN. */

import { useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { useText } from '#controller/web/page/context.ts';
import { TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';

export function SignIn({ onDone }: { onDone(): void }) {
  const text = useText();
  const [as, setAs] = useState<'admin' | 'user'>('admin');
  return (
    <main id="main" class="entry card">
      <h1>{text.signIn}</h1>
      <fieldset class="choice">
        <legend class="sr">{text.signInAs}</legend>
        {(['admin', 'user'] as const).map((each) => (
          <label key={each}>
            <input type="radio" name="as" checked={as === each} onChange={() => setAs(each)} />
            {text.signInWays[each]}
          </label>
        ))}
      </fieldset>
      {as === 'admin' ? <AsAdmin onDone={onDone} /> : <AsUser onDone={onDone} />}
    </main>
  );
}

function AsAdmin({ onDone }: { onDone(): void }) {
  const text = useText();
  const submit = useSubmit();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  return (
    <Form
      submit={submit}
      label={text.signIn}
      fields={['code']}
      action={() => ask('POST', '/sign-in', { name, password, ...(code !== '' && { code }) })}
      onDone={onDone}
    >
      <TextField label={text.name} value={name} onValue={setName} autocomplete="username" required />
      <TextField
        label={text.password}
        type="password"
        value={password}
        onValue={setPassword}
        autocomplete="current-password"
        required
      />
      <TextField
        label={text.code}
        hint={text.codeHint}
        wrong={submit.wrong('code')}
        value={code}
        onValue={setCode}
        inputMode="numeric"
        autocomplete="one-time-code"
      />
      <Send submit={submit}>{text.signIn}</Send>
      <p class="hint">{text.firstTime}</p>
    </Form>
  );
}

function AsUser({ onDone }: { onDone(): void }) {
  const text = useText();
  const submit = useSubmit();
  const [extension, setExtension] = useState('');
  const [pin, setPin] = useState('');
  return (
    <Form
      submit={submit}
      label={text.signIn}
      action={() => ask('POST', '/sign-in', { extension, pin })}
      onDone={onDone}
    >
      <TextField
        label={text.extension}
        value={extension}
        onValue={setExtension}
        inputMode="numeric"
        autocomplete="username"
        required
      />
      <TextField
        label={text.pin}
        type="password"
        value={pin}
        onValue={setPin}
        inputMode="numeric"
        autocomplete="current-password"
        required
      />
      <Send submit={submit}>{text.signIn}</Send>
    </Form>
  );
}

/** The one-time link of a new controller: its first account. */
export function SetUp({ token, onDone }: { token: string; onDone(): void }) {
  const text = useText();
  const submit = useSubmit();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const differs = again !== '' && again !== password;
  return (
    <main id="main" class="entry card">
      <h1>{text.setUp}</h1>
      <p>{text.setUpHint}</p>
      <Form
        submit={submit}
        label={text.setUp}
        fields={['name', 'password']}
        action={async () => {
          await ask('POST', '/setup', { token, name, password });
          await ask('POST', '/sign-in', { name, password });
        }}
        onDone={onDone}
      >
        <TextField
          label={text.name}
          value={name}
          onValue={setName}
          autocomplete="username"
          wrong={submit.wrong('name')}
          required
        />
        <TextField
          label={text.password}
          type="password"
          value={password}
          onValue={setPassword}
          autocomplete="new-password"
          hint={text.passwordHint}
          wrong={submit.wrong('password')}
          required
        />
        <TextField
          label={text.passwordAgain}
          type="password"
          value={again}
          onValue={setAgain}
          autocomplete="new-password"
          wrong={differs ? text.passwordsDiffer : undefined}
          required
        />
        <div class="actions">
          <button type="submit" class="primary" disabled={submit.isBusy || differs || again === ''}>
            {text.setUpDo}
          </button>
        </div>
      </Form>
    </main>
  );
}
