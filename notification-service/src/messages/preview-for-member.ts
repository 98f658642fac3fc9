import type { Collection } from '../platform/mongo.ts';
import { DAYS, type DayMessageDoc } from './message-model.ts';
import { type Bubble, previewDay, type PreviewSettings, sampleReferral } from './preview.ts';

export interface MemberDayPreview {
  dayNumber: number;
  /** False: this day is skipped. */
  active: boolean;
  /** Of the text; null when nothing is sent. */
  language: string | null;
  text: string;
  parts: Bubble[];
}

/** The seven texts as this member's friends get them. */
export async function previewForMember(
  member: { name: string | null; language: string | null },
  deps: PreviewSettings & { messages: Collection<DayMessageDoc> },
): Promise<MemberDayPreview[]> {
  const active = await deps.messages.find({ active: true }).toArray();
  const byDay = new Map(active.map(message => [message.dayNumber, message]));
  const language = member.language ?? deps.defaultLanguage;
  return DAYS.map(day => {
    const content = byDay.get(day);
    if (!content) return { dayNumber: day, active: false, language: null, text: '', parts: [] };
    const referral = sampleReferral(null, language);
    const { usedLanguage, text, parts } = previewDay(
      content,
      { day, language, referral, referrerName: member.name },
      deps,
    );
    return { dayNumber: day, active: true, language: usedLanguage, text, parts };
  });
}
