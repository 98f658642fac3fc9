/** All in real milliseconds. */
export interface Deadlines {
  /** Until the browser runs. */
  launchMs: number;
  /** Until the page shows what it is. */
  authMs: number;
  /** From opening, or from the scan, until ready; whatever hangs in between. */
  startMs: number;
  /** How long codes are shown to be scanned. */
  linkWindowMs: number;
  firstQrLifeMs: number;
  qrLifeMs: number;
  /** One question to the page. */
  callMs: number;
  /** From the call of `send` to ack 1; afterwards the message is `unknown`. */
  sendConfirmMs: number;
  /** How often the page is looked at while it connects. */
  watchMs: number;
  /** How often it is looked at afterwards, and how long it may take to answer; two misses in a row end it. */
  heartbeatMs: number;
  heartbeatLimitMs: number;
  /** After so long without news from WhatsApp, it is asked something that only its server can answer. */
  selfCheckMs: number;
  /** How long a lost connection is waited for. */
  awayMs: number;
  /** How often the memory of all sessions is measured. */
  measureMs: number;
  /** A browser that is asked to end is killed after this. */
  stopMs: number;
}

export const DEFAULT_DEADLINES: Deadlines = {
  launchMs: 30_000,
  authMs: 30_000,
  startMs: 90_000,
  linkWindowMs: 180_000,
  firstQrLifeMs: 60_000,
  qrLifeMs: 20_000,
  callMs: 30_000,
  sendConfirmMs: 60_000,
  watchMs: 500,
  heartbeatMs: 20_000,
  heartbeatLimitMs: 10_000,
  selfCheckMs: 300_000,
  awayMs: 120_000,
  measureMs: 30_000,
  stopMs: 10_000,
};
