import { z } from 'zod';
import { route } from '../http/route.ts';
import type { Route } from '../http/route.ts';
import { callingCodeOf, countryOfZone, parsePhone, readablePhone } from '../platform/phone.ts';

const checkedShape = z.object({
  valid: z.boolean(),
  international: z.string().nullable().meta({ description: 'As people read it: +33 6 12 34 56 78.' }),
  callingCode: z.string().nullable().meta({ description: 'Of the country that the time zone lies in.' }),
});

/** Asked by a page while a number is typed, so that it need not carry every country's numbering plan. */
export const phoneCheckRoute = (): Route =>
  route({
    method: 'post',
    path: '/api/relance/connect/phone',
    access: 'member',
    tag: 'Connecting',
    summary:
      'Whether a phone number is valid. The country is guessed from a time zone where it is not written.',
    limit: 'read',
    body: z.object({ phoneNumber: z.string().max(40).optional(), timeZone: z.string().max(60).optional() }),
    replies: { 200: checkedShape },
    handle({ body }) {
      const country = countryOfZone(body.timeZone ?? '');
      const parsed = parsePhone(body.phoneNumber ?? '', country);
      const data = {
        valid: parsed !== null,
        international: parsed && readablePhone(parsed.phone),
        callingCode: country && callingCodeOf(country),
      };
      return Promise.resolve({ data });
    },
  });
