/** The account of who is signed in: another password, and a second factor. */

import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ask } from '#controller/web/page/api.ts';
import { useApp, useText } from '#controller/web/page/context.ts';
import { Copy } from '#controller/web/page/parts/copy.tsx';
import { TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import { View } from '#controller/web/page/parts/view.tsx';

export function MyAccount() {
  const { me } = useApp();
  const text = useText();
  return (
    <View title={text.sectionNames.account}>
      <p>
        <bdi>{me.name}</bdi> · {text.roles[me.role]}
      </p>
      <div class="columns">
        <Password />
        <SecondFactor />
      </div>
    </View>
  );
}

function Password() {
  const { say } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  return (
    <section class="card" aria-labelledby="password">
      <h2 id="password">{text.password}</h2>
      <Form
        submit={submit}
        label={text.password}
        fields={['current', 'password']}
        action={() => ask('PUT', '/me/password', { current, password })}
        onDone={() => say(text.saved)}
      >
        <CurrentField value={current} onValue={setCurrent} wrong={submit.wrong('current')} />
        <TextField
          label={text.newPassword}
          hint={text.passwordHint}
          type="password"
          value={password}
          onValue={setPassword}
          autocomplete="new-password"
          wrong={submit.wrong('password')}
        />
        <Send submit={submit}>{text.save}</Send>
      </Form>
    </section>
  );
}

function CurrentField(props: {
  value: string;
  onValue(value: string): void;
  wrong: ComponentChildren | undefined;
}) {
  const text = useText();
  return (
    <TextField label={text.currentPassword} type="password" autocomplete="current-password" {...props} />
  );
}

type Offer = { secret: string; uri: string };

function SecondFactor() {
  const { me } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [current, setCurrent] = useState('');
  const [offer, setOffer] = useState<Offer>();
  const [codes, setCodes] = useState<readonly string[]>();
  return (
    <section class="card" aria-labelledby="factor">
      <h2 id="factor">{text.secondFactor}</h2>
      {codes !== undefined && (
        <div role="status">
          <p>{text.recoveryHint}</p>
          <Copy label={text.recoveryCodes}>{codes.join(' ')}</Copy>
        </div>
      )}
      {codes === undefined && offer !== undefined && <ConfirmFactor offer={offer} onCodes={setCodes} />}
      {codes === undefined && me.hasTotp && <p>{text.factorIsOn}</p>}
      {codes === undefined && !me.hasTotp && offer === undefined && (
        <>
          <p>{text.factorIsOff}</p>
          <Form
            submit={submit}
            label={text.secondFactor}
            fields={['current']}
            action={async () => setOffer(await ask<Offer>('POST', '/me/totp', { current }))}
          >
            <CurrentField value={current} onValue={setCurrent} wrong={submit.wrong('current')} />
            <Send submit={submit} isMinor>
              {text.setUpFactor}
            </Send>
          </Form>
        </>
      )}
    </section>
  );
}

function ConfirmFactor({ offer, onCodes }: { offer: Offer; onCodes(codes: readonly string[]): void }) {
  const { renew } = useApp();
  const text = useText();
  const submit = useSubmit();
  const [code, setCode] = useState('');
  return (
    <Form
      submit={submit}
      label={text.secondFactor}
      fields={['code']}
      action={async () => {
        const body = { code };
        onCodes((await ask<{ recoveryCodes: string[] }>('POST', '/me/totp/confirm', body)).recoveryCodes);
        renew();
      }}
    >
      <p>{text.factorHint}</p>
      <Copy label={text.factorSecret}>{offer.secret}</Copy>
      <p>
        <a href={offer.uri}>{text.openApp}</a>
      </p>
      <TextField
        label={text.code}
        value={code}
        onValue={setCode}
        inputMode="numeric"
        autocomplete="one-time-code"
        wrong={submit.wrong('code')}
      />
      <Send submit={submit}>{text.confirm}</Send>
    </Form>
  );
}
