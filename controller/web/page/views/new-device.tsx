/**
 * Adding a phone, in four steps:
 *
 *     model       found by any part of its name
 *     address     its MAC, checked against the maker's blocks
 *     connection  the site whose agent it will reach
 *     phone       what to do there; the page shows when it has come up
 */

import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { toHash } from '#controller/web/page/address.ts';
import { ask, askAll } from '#controller/web/page/api.ts';
import { toLoaded, useAsked } from '#controller/web/page/asked.ts';
import { useApp, useItems, useText } from '#controller/web/page/context.ts';
import { readMac } from '#controller/web/page/mac.ts';
import { Badge } from '#controller/web/page/parts/badge.tsx';
import { SelectField, TextField } from '#controller/web/page/parts/field.tsx';
import { Form, type Submit, useSubmit } from '#controller/web/page/parts/form.tsx';
import { View, Waiting } from '#controller/web/page/parts/view.tsx';
import type { Device, ModelRow } from '#controller/web/page/shapes.ts';
import { AtThePhone } from './at-the-phone.tsx';
import { State } from './cells.tsx';
import { ModelSearch } from './model-search.tsx';

const steps = ['model', 'address', 'connection', 'phone'] as const;
type Step = (typeof steps)[number];

export function NewDevice() {
  const { live } = useApp();
  const text = useText();
  const sites = useItems('sites');
  const [step, setStep] = useState<Step>('model');
  const [model, setModel] = useState<ModelRow>();
  const [mac, setMac] = useState('');
  const [site, setSite] = useState('');
  const [made, setMade] = useState<string>();
  const submit = useSubmit();
  const chosenSite = site || (sites.items[0]?.id ?? '');
  const isWrongMac = submit.wrong('mac') !== undefined;
  useEffect(() => {
    if (isWrongMac) setStep('address');
  }, [isWrongMac]);

  const make = async () => {
    const body = { mac: readMac(mac) ?? mac, model: model?.model, site: chosenSite };
    const { id } = await ask<Device>('POST', '/devices', body);
    await live.load('devices');
    setMade(id);
    setStep('phone');
  };
  return (
    <View title={text.addPhone}>
      <ol class="progress">
        {steps.map((each) => (
          <li key={each} aria-current={each === step ? 'step' : undefined}>
            {text.wizard[each]}
          </li>
        ))}
      </ol>
      <Waiting lists={[sites]}>
        {() =>
          sites.items.length === 0 ? (
            <p>
              {text.siteFirst} <a href={toHash('sites', 'new')}>{text.addSite}</a>
            </p>
          ) : (
            <StepCard title={text.wizard[step]}>
              {step === 'model' && (
                <ModelStep
                  model={model}
                  onModel={setModel}
                  onNext={async () => {
                    if (model !== undefined) setStep('address');
                  }}
                />
              )}
              {step === 'address' && (
                <AddressStep
                  submit={submit}
                  mac={mac}
                  model={model}
                  onMac={setMac}
                  onBack={() => setStep('model')}
                  onNext={() => setStep('connection')}
                />
              )}
              {step === 'connection' && (
                <Form submit={submit} action={make} fields={['mac']}>
                  <SelectField
                    label={text.site}
                    hint={text.siteHint}
                    value={chosenSite}
                    options={sites.items.map(({ id }) => [id, id] as const)}
                    onValue={setSite}
                    wrong={submit.wrong('site')}
                  />
                  <AgentLine site={chosenSite} />
                  <Steps onBack={() => setStep('address')} next={text.addPhone} isBusy={submit.isBusy} />
                </Form>
              )}
              {step === 'phone' && made !== undefined && <Done id={made} />}
            </StepCard>
          )
        }
      </Waiting>
    </View>
  );
}

/** The heading of a step takes the focus, so that a screen reader says where one is. */
function StepCard({ title, children }: { title: string; children: ComponentChildren }) {
  const heading = useRef<HTMLHeadingElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) heading.current?.focus();
    isFirst.current = false;
  }, [title]);
  return (
    <section class="card">
      <h2 ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {children}
    </section>
  );
}

function Steps({ onBack, next, isBusy = false }: { onBack?: () => void; next: string; isBusy?: boolean }) {
  const text = useText();
  return (
    <div class="actions">
      {onBack !== undefined && (
        <button type="button" onClick={onBack}>
          {text.back}
        </button>
      )}
      <button type="submit" class="primary" disabled={isBusy}>
        {next}
      </button>
    </div>
  );
}

function ModelStep({
  model,
  onModel,
  onNext,
}: {
  model: ModelRow | undefined;
  onModel(model: ModelRow): void;
  onNext(): Promise<void>;
}) {
  const text = useText();
  const submit = useSubmit();
  const models = useAsked(() => askAll<ModelRow>('/models'), []);
  return (
    <Form submit={submit} action={onNext}>
      <Waiting lists={[toLoaded(models)]}>
        {() => <ModelSearch models={models.value ?? []} chosen={model} onChoose={onModel} />}
      </Waiting>
      {model?.confidence === 'uncertain' && (
        <p>
          <Badge tone="warn">{text.uncertain}</Badge> <span lang="en">{model.notes}</span>
        </p>
      )}
      <Steps next={text.next} isBusy={model === undefined} />
    </Form>
  );
}

function AddressStep({
  submit,
  mac,
  model,
  onMac,
  onBack,
  onNext,
}: {
  /** Of the making of the device, which may have found the address taken. */
  submit: Submit;
  mac: string;
  model: ModelRow | undefined;
  onMac(mac: string): void;
  onBack(): void;
  onNext(): void;
}) {
  const text = useText();
  const checking = useSubmit();
  const [isTried, setTried] = useState(false);
  const digits = readMac(mac);
  const path = `/models/${encodeURIComponent(model?.id ?? '')}`;
  const ouis = useAsked(() => ask<{ ouis: string[] }>('GET', path), [path]).value?.ouis;
  const isForeign = digits !== undefined && ouis !== undefined && !ouis.includes(digits.slice(0, 6));
  const wrong = isTried && digits === undefined ? text.macForm : submit.wrong('mac');
  return (
    <Form
      submit={checking}
      action={async () => {
        setTried(true);
        if (digits !== undefined) onNext();
      }}
    >
      <TextField
        label={text.mac}
        hint={text.macHint}
        value={mac}
        onValue={onMac}
        placeholder="00:15:65:00:00:01"
        maxLength={32}
        wrong={wrong}
      />
      <p role="status">
        {isForeign && <Badge tone="warn">{text.macForeign(model?.vendor ?? '')}</Badge>}
        {digits !== undefined && ouis !== undefined && !isForeign && (
          <Badge tone="good">{text.macKnown(model?.vendor ?? '')}</Badge>
        )}
      </p>
      <Steps onBack={onBack} next={text.next} />
    </Form>
  );
}

/** Whether an agent is there to be reached. */
function AgentLine({ site }: { site: string }) {
  const text = useText();
  const { items } = useItems('agents');
  const isUp = items.some((agent) => agent.site === site && agent.isUp);
  return (
    <p role="status">
      <Badge tone={isUp ? 'good' : 'warn'}>{isUp ? text.siteReady : text.siteNotReady}</Badge>
    </p>
  );
}

function Done({ id }: { id: string }) {
  const text = useText();
  const device = useItems('devices').items.find((each) => each.id === id);
  if (device === undefined) return <p role="status">{text.loading}</p>;
  return (
    <>
      <p role="status">
        {text.added(id)} <State device={device} />
      </p>
      <AtThePhone device={device} />
      <div class="actions">
        <a class="button" href={toHash('devices', id)}>
          {id}
        </a>
        <a class="button" href={toHash('devices')}>
          {text.phones}
        </a>
      </div>
    </>
  );
}
