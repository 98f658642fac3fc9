/** A member's settings, pauses, consent, exclusions. */
export * from './member-model.ts';
