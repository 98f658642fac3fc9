/** A member's WhatsApp line: connecting it, who hosts it, keeping it alive, speaking and listening through it. */
export * from './alarm.ts';
export * from './channel-model.ts';
export * from './claims.ts';
export * from './hosting.ts';
export * from './transport.ts';
