/** A day as the service keeps it. */
export interface DayMessage {
  dayNumber: number;
  messageTemplate: Record<string, string>;
  mediaUrls: Media[];
  active: boolean;
  updatedAt: string;
  updatedBy?: string;
}

export interface Media {
  url: string;
  type: string;
  filename: string;
  originalName: string;
  language?: string;
}

/** What is being written: kept in this tab until it is saved. */
export interface Draft {
  messageTemplate: Record<string, string>;
  mediaUrls: Media[];
  active: boolean;
}

export const DAYS = [1, 2, 3, 4, 5, 6, 7];
export const VARIABLES = ['firstName', 'name', 'referrerName', 'day', 'countryName'];

export const draftOf = (message: DayMessage | undefined): Draft => ({
  messageTemplate: message?.messageTemplate ?? {},
  mediaUrls: message?.mediaUrls ?? [],
  active: message?.active ?? true,
});
