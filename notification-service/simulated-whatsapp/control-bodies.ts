import { z } from 'zod';
import { FAULT_KINDS } from './faults.ts';
import { mediaKind } from './frames.ts';
import { pageSettings } from './web-page/page-settings.ts';

const phone = z
  .string({ error: 'must be a phone number: digits with country code' })
  .transform(text => text.replace(/[\s().-]/g, '').replace(/^\+/, ''))
  .refine(digits => /^[1-9]\d{5,14}$/.test(digits), {
    error: 'must be a phone number: 6 to 15 digits with country code',
  });
const address = z.union([z.string().regex(/^\d{15}@lid$/), phone], {
  error: 'must be a phone number, or a hidden id that ends in @lid',
});
const instant = z.iso.datetime({ offset: true, error: 'must be an instant such as 2026-01-31T08:00:00Z' });

const number = z.object({
  phone,
  registered: z.boolean().optional(),
  name: z.string().max(100).nullish(),
  since: instant.nullish(),
});

/** The bodies of the control, by name. */
export const bodies = {
  numbers: z.union([z.object({ numbers: z.array(number).min(1).max(100_000) }), number]),
  scan: z.object({ phone }),
  code: z.object({ code: z.string({ error: 'must be the pairing code' }).max(20), phone }),
  say: z.object({
    to: address,
    text: z.string().max(65_536).default(''),
    media: z
      .object({
        kind: mediaKind,
        mimeType: z.string().max(100),
        filename: z.string().max(200).default(''),
        base64: z.string().default(''),
      })
      .nullish(),
    quoted: z.string().max(128).nullish(),
    kind: z.enum(['text', 'reaction', 'edit', 'deletion', 'call', 'other']).default('text'),
    from: z.enum(['lid', 'phone']).default('lid'),
  }),
  state: z.object({
    state: z.string().regex(/^[A-Z_]{1,40}$/, { error: 'must be a state such as DEPRECATED_VERSION' }),
  }),
  mute: z.object({ muted: z.boolean().default(true) }),
  webPage: pageSettings.partial(),
  read: z.object({ from: address }),
  block: z.object({ from: address, blocked: z.boolean().default(true) }),
  faults: z.object({
    phone: phone.nullish(),
    device: z.string().min(1).nullish(),
    kind: z.enum(FAULT_KINDS, { error: `must be one of ${FAULT_KINDS.join(', ')}` }),
    count: z.number().int().min(1).max(1_000_000).default(1),
    delayMs: z.number().min(0).max(2_000_000_000).default(5_000),
  }),
};

export type Body<K extends keyof typeof bodies> = z.infer<(typeof bodies)[K]>;

/** The first thing that is wrong, as one sentence. */
export function sentenceOf(error: z.ZodError): string {
  const first = error.issues[0];
  // Of the forms that a body may have, the last is the usual one.
  const issue = first?.code === 'invalid_union' && first.path.length === 0 ? first.errors.at(-1)?.[0] : first;
  if (!issue) return 'This request is not understood.';
  const where = issue.path.length > 0 ? `"${issue.path.join('.')}"` : 'The body';
  const what = /^(must|is)\b/.test(issue.message) ? issue.message : `is not right (${issue.message})`;
  return `${where} ${what}.`;
}
