import { z } from 'zod';

/** How the page behaves for whoever loads it next. */
export const pageSettings = z.object({
  /** Where it stands still: no answer from the server, an empty page, no state, or never synced. */
  hang: z.enum(['server', 'loading', 'opening', 'sync']).nullable(),
  /** Modules that are not there, as after an update of WhatsApp's. */
  omit: z.array(z.string().max(100)).max(200),
  /** What the text form of a message's id is called. */
  keyName: z.enum(['_serialized', '$1']),
  /** Whether a login that was removed meanwhile leads straight to a QR, or by a reload. */
  revoked: z.enum(['qr', 'redirect']),
  /** Incoming hidden ids come without the number behind them until somebody asks. */
  hideNumbers: z.boolean(),
  /** A chat is found only for numbers that were asked about before. */
  knownOnly: z.boolean(),
  /** Uploads of attachments fail. */
  refuseUploads: z.boolean(),
  /** Between connected and synced, in real milliseconds. */
  syncMs: z.number().min(0).max(600_000),
  /** How much memory and room on the disk the page takes, in megabytes. */
  heapMb: z.number().int().min(0).max(2_000),
  storageMb: z.number().int().min(0).max(2_000),
  version: z.string().max(50),
});

export type PageSettings = z.infer<typeof pageSettings>;

export const DEFAULT_PAGE: PageSettings = {
  hang: null,
  omit: [],
  keyName: '_serialized',
  revoked: 'qr',
  hideNumbers: false,
  knownOnly: false,
  refuseUploads: false,
  syncMs: 100,
  heapMb: 0,
  storageMb: 0,
  version: '2.3000.1000000000-stand-in',
};
