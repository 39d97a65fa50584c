/** Labelled inputs: the label above, what it means below, what is wrong with it read out with it. */

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

type Around = { label: string; hint?: ComponentChildren; wrong?: ComponentChildren | undefined };

type Wired = { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean | undefined };

export function Field({
  label,
  hint,
  wrong,
  children,
}: Around & { children: (wired: Wired) => ComponentChildren }) {
  const id = useId();
  const told = hint !== undefined || wrong !== undefined ? `${id}-told` : undefined;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': told, 'aria-invalid': wrong === undefined ? undefined : true })}
      {told !== undefined && (
        <div id={told} class="hint">
          {wrong !== undefined && (
            <span class="wrong" role="alert">
              {wrong}
            </span>
          )}
          {hint}
        </div>
      )}
    </div>
  );
}

export type TextFieldProps = Around & {
  value: string;
  onValue(value: string): void;
  type?: 'text' | 'password' | 'search' | 'date';
  autocomplete?: string;
  inputMode?: 'numeric' | 'text' | 'tel';
  required?: boolean;
  maxLength?: number;
  placeholder?: string;
  list?: string;
  focus?: boolean;
};

export function TextField({ label, hint, wrong, value, onValue, focus = false, ...more }: TextFieldProps) {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(wired) => (
        <input
          {...wired}
          {...(more as { type?: 'text' })}
          value={value}
          ref={focus ? focusOnce : null}
          spellcheck={false}
          onInput={({ currentTarget }) => onValue(currentTarget.value)}
        />
      )}
    </Field>
  );
}

const focusOnce = (input: HTMLInputElement | null) => input?.focus();

/** For a few lines. */
export function AreaField({
  label,
  hint,
  wrong,
  value,
  onValue,
  placeholder,
}: Around & { value: string; onValue(value: string): void; placeholder?: string }) {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(wired) => (
        <textarea
          {...wired}
          rows={4}
          value={value}
          placeholder={placeholder}
          spellcheck={false}
          onInput={({ currentTarget }) => onValue(currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function SelectField({
  label,
  hint,
  wrong,
  value,
  options,
  onValue,
}: Around & {
  value: string;
  options: readonly (readonly [value: string, shown: string])[];
  onValue(value: string): void;
}) {
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {(wired) => (
        <select {...wired} value={value} onChange={({ currentTarget }) => onValue(currentTarget.value)}>
          {options.map(([each, shown]) => (
            <option key={each} value={each}>
              {shown}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function CheckField({
  label,
  hint,
  isOn,
  onValue,
}: Around & { isOn: boolean; onValue(isOn: boolean): void }) {
  const id = useId();
  return (
    <div class="field check">
      <input
        id={id}
        type="checkbox"
        checked={isOn}
        aria-describedby={hint === undefined ? undefined : `${id}-told`}
        onChange={({ currentTarget }) => onValue(currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint !== undefined && (
        <div id={`${id}-told`} class="hint">
          {hint}
        </div>
      )}
    </div>
  );
}
