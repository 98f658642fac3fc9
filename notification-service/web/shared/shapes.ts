/** What the service answers, as far as pages read it (02-style JSON: instants are texts). */
export interface Status {
  whatsappStatus: 'connected' | 'disconnected' | 'expired';
  enabled: boolean;
  enrollmentPaused: boolean;
  sendingPaused: boolean;
  messagesSentToday: number;
  maxMessagesPerDay: number;
  lastQrScanDate: string | null;
  state: string;
  stateReason: string | null;
  cooldownUntil: string | null;
  phoneNumber: string | null;
  consentAt: string | null;
  health: { score: number; band: 'healthy' | 'watch' | 'poor' | 'critical'; reasons: { sentence: string }[] };
}

export interface Part {
  kind: 'text' | 'image' | 'video' | 'audio' | 'document';
  text: string;
  media: { url: string; filename: string | null } | null;
}

export interface DayPreview {
  dayNumber: number;
  active: boolean;
  parts: Part[];
}

export interface Person {
  _id: string;
  name: string;
  phoneNumber: string;
}

export interface Target {
  _id: string;
  referralUserId: Person | string;
  referral?: Person;
  referrerUserId: string;
  campaignId: string | null;
  status: 'active' | 'completed' | 'paused';
  currentDay: number;
  enteredLoopAt: string;
  nextMessageDue: string | null;
  messagesDelivered: { day: number; sentAt: string; status: 'delivered' | 'failed'; errorMessage?: string }[];
  exitReason: string | null;
  language: string;
  whyCode: string | null;
  nextAt: string | null;
}

export interface TargetPage {
  targets: Target[];
  total: number;
  page: number;
  totalPages: number;
}

export interface Timeline {
  entries: { at: string; kind: string; day: number | null; sentence: string; text: string | null }[];
}
