import { expect, it } from 'vitest';
import { checkTexts } from './save-message.ts';
import { demoMessages } from './demo-messages.ts';
import { mediaTypeOf } from './media-kind.ts';

it('can be saved as they are: seven days, five languages, a real picture', async () => {
  const days = demoMessages();
  expect(days.map(({ dayNumber }) => dayNumber)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  for (const { messageTemplate } of days) {
    expect(Object.keys(messageTemplate)).toEqual(['fr', 'en', 'es', 'pt', 'ar']);
    expect(() => checkTexts(messageTemplate)).not.toThrow();
  }
  const [image] = days.flatMap(day => day.image ?? []);
  expect(await mediaTypeOf(image!.bytes)).toMatchObject({ kind: 'image', mimeType: 'image/png' });
  expect(image!.bytes.length).toBeLessThan(10_000);
});
