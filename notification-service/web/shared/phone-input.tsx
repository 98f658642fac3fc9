import type { JSX } from 'preact';

/** A number as people type it, always from left to right. */
export function PhoneInput({
  value,
  typed,
  ...more
}: { value: string; typed: (text: string) => void } & Pick<
  JSX.IntrinsicElements['input'],
  'aria-describedby' | 'aria-invalid' | 'autoComplete'
>) {
  return (
    <input
      type="tel"
      dir="ltr"
      required
      maxLength={30}
      value={value}
      onInput={event => typed(event.currentTarget.value)}
      {...more}
    />
  );
}
