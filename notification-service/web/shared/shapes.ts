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
