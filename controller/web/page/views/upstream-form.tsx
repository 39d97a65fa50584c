/** How a PBX or trunk is reached, how it knows us, and which numbers are its own. */

import { useState } from 'preact/hooks';
import { useText } from '#controller/web/page/context.ts';
import { AreaField, CheckField, SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Form, Send, useSubmit } from '#controller/web/page/parts/form.tsx';
import type { Upstream } from '#controller/web/page/shapes.ts';
import { type TypedUpstream, typedOf, upstreamBody } from '#controller/web/page/typed-upstream.ts';

const rare = ['local', 'denied', 'probeSeconds', 'ca'] as const;
const common = ['id', 'mode', 'addresses', 'domain', 'username', 'secret', 'numbers'] as const;

export function UpstreamForm({
  upstream,
  verb,
  action,
  onDone,
}: {
  /** Absent: a new one. */
  upstream?: Upstream;
  verb: string;
  action(body: Record<string, unknown>): Promise<unknown>;
  onDone(id: string): void;
}) {
  const text = useText();
  const submit = useSubmit();
  const [typed, setTyped] = useState(() => typedOf(upstream));
  const [defaultRoute, setDefaultRoute] = useState(upstream?.defaultRoute ?? false);
  const set = (field: keyof TypedUpstream) => (value: string) => setTyped({ ...typed, [field]: value });
  const wired = (field: keyof TypedUpstream) => ({
    value: typed[field],
    onValue: set(field),
    wrong: submit.wrong(field),
  });
  const isTrunk = typed.mode === 'trunk';
  return (
    <Form
      submit={submit}
      label={verb}
      fields={[...common, ...rare, 'calledPrefix', 'transport', 'authentication']}
      action={() => action(upstreamBody(typed, defaultRoute, upstream === undefined))}
      onDone={() => {
        setTyped({ ...typed, secret: '' });
        onDone(typed.id);
      }}
    >
      <div class="pair">
        {upstream === undefined && (
          <TextField label={text.name} hint={text.siteNameHint} maxLength={32} {...wired('id')} />
        )}
        <SelectField
          label={text.upstreamMode}
          hint={text.modeHints[isTrunk ? 'trunk' : 'register']}
          options={Object.entries(text.modes)}
          {...wired('mode')}
        />
        <TextField
          label={text.addresses}
          hint={text.addressesHint}
          placeholder="192.0.2.20:5060"
          {...wired('addresses')}
        />
        <SelectField
          label={text.upstreamTransport}
          options={[
            ['udp', 'UDP'],
            ['tcp', 'TCP'],
            ['tls', 'TLS'],
          ]}
          {...wired('transport')}
        />
        <TextField label={text.domain} hint={text.domainHint} {...wired('domain')} />
        <TextField
          label={text.goesThere}
          hint={text.numbersHint}
          placeholder="0, 200-299"
          {...wired('numbers')}
        />
        <TextField label={text.calledPrefix} hint={text.calledPrefixHint} {...wired('calledPrefix')} />
        <CheckField label={text.defaultRoute} isOn={defaultRoute} onValue={setDefaultRoute} />
        {isTrunk && (
          <>
            <SelectField
              label={text.authentication}
              options={Object.entries(text.authentications)}
              {...wired('authentication')}
            />
            {typed.authentication === 'digest' && (
              <>
                <TextField label={text.username} autocomplete="off" {...wired('username')} />
                <TextField
                  label={text.secret}
                  {...(upstream?.hasSecret && { hint: text.secretKept })}
                  type="password"
                  autocomplete="new-password"
                  {...wired('secret')}
                />
              </>
            )}
          </>
        )}
      </div>
      <details open={rare.some((field) => submit.wrong(field) !== undefined)}>
        <summary>{text.rarely}</summary>
        <div class="pair">
          <TextField
            label={text.denied}
            hint={upstream === undefined ? text.deniedUsual : text.deniedHint}
            {...wired('denied')}
          />
          <TextField
            label={text.probeSeconds}
            hint={text.probeHint}
            inputMode="numeric"
            {...wired('probeSeconds')}
          />
          <TextField label={text.local} hint={text.localHint} {...wired('local')} />
          {typed.transport === 'tls' && <AreaField label={text.ca} hint={text.caHint} {...wired('ca')} />}
        </div>
      </details>
      <Send submit={submit}>{verb}</Send>
    </Form>
  );
}
